/// Where an active series keeps what the next sample is compared with. A reference names a slot and its generation: a
/// slot that was given to another series is told by it.
struct SeriesReference: Equatable {
    let shard: Int
    let slot: Int
    /// 1...0xffffff, so that no reference is zero.
    let generation: UInt32

    init(shard: Int, slot: Int, generation: UInt32) {
        self.shard = shard
        self.slot = slot
        self.generation = generation
    }

    @inline(__always)
    init(raw: UInt64) {
        slot = Int(raw & 0xffff_ffff)
        shard = Int(raw >> 32 & 0xff)
        generation = UInt32(truncatingIfNeeded: raw >> 40)
    }

    var raw: UInt64 { UInt64(generation) << 40 | UInt64(shard) << 32 | UInt64(slot) }
}

/// The active series of a shard, 32 bytes each, in pages that never move. Guarded by the shard's lock.
@safe
struct SlotTable: ~Copyable {
    struct Slot {
        var id: UInt64
        /// The newest sample; `Int64.min` where none is known.
        var lastMs: Int64
        var lastBits: UInt64
        /// When the series last got a sample, counted in flushes.
        var epoch: UInt32
        private var generationAndHint: UInt32

        init(id: UInt64, epoch: UInt32, generation: UInt32) {
            self.id = id
            lastMs = .min
            lastBits = 0
            self.epoch = epoch
            generationAndHint = generation
        }

        @inline(__always) var generation: UInt32 {
            get { generationAndHint & 0xff_ffff }
            set { generationAndHint = generationAndHint & 0xff00_0000 | newValue }
        }

        /// How the log wrote the series' last value; see `SampleRecordWriter`.
        @inline(__always) var exponentHint: UInt8 {
            get { UInt8(generationAndHint >> 24) }
            set { generationAndHint = generationAndHint & 0xff_ffff | UInt32(newValue) << 24 }
        }
    }

    private static let pageShift = 10
    private static let pageSlots = 1 << pageShift

    private var pages: [UnsafeMutablePointer<Slot>] = unsafe []
    private var free: [UInt32] = []
    private(set) var count = 0
    private(set) var activeCount = 0

    init() {}

    deinit {
        for index in unsafe pages.indices { unsafe pages[index].deallocate() }
    }

    @inline(__always)
    subscript(slot: Int) -> UnsafeMutablePointer<Slot> {
        unsafe pages[slot >> Self.pageShift] + (slot & (Self.pageSlots &- 1))
    }

    /// Whether a slot still belongs to the series of the reference.
    @inline(__always)
    func holds(_ reference: SeriesReference) -> Bool {
        reference.slot < count && (unsafe self[reference.slot].pointee.generation) == reference.generation
    }

    /// Gives a slot to a series and returns its number and generation.
    mutating func add(id: UInt64, epoch: UInt32) -> (slot: Int, generation: UInt32) {
        let slot = takeSlot()
        var generation = (unsafe self[slot].pointee.generation) &+ 1 & 0xff_ffff
        if generation == 0 { generation = 1 }
        unsafe self[slot].pointee = Slot(id: id, epoch: epoch, generation: generation)
        activeCount += 1
        return (slot, generation)
    }

    private mutating func takeSlot() -> Int {
        if let slot = free.popLast() { return Int(slot) }
        if count == (unsafe pages.count) * Self.pageSlots {
            let page = UnsafeMutablePointer<Slot>.allocate(capacity: Self.pageSlots)
            unsafe page.initialize(
                repeating: Slot(id: 0, epoch: 0, generation: 0), count: Self.pageSlots)
            unsafe pages.append(page)
        }
        count += 1
        return count - 1
    }

    /// Takes the slots from the series that `hasLeft`, and tells of each.
    mutating func removeAll(where hasLeft: (Slot) -> Bool, _ removed: (UInt64) -> Void) {
        for number in 0..<count {
            let slot = unsafe self[number].pointee
            guard slot.id != 0, hasLeft(slot) else { continue }
            removed(slot.id)
            unsafe self[number].pointee.id = 0
            unsafe self[number].pointee.generation = slot.generation &+ 1 & 0xff_ffff
            free.append(UInt32(number))
            activeCount -= 1
        }
    }
}
