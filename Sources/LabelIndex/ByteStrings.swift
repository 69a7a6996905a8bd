import Encoding

/// Byte strings one after the other, numbered in order of arrival.
struct ByteStrings: Sendable {
    private(set) var bytes: [UInt8] = []
    private(set) var offsets: [UInt32] = [0]

    var count: Int { offsets.count - 1 }

    func range(_ index: Int) -> Range<Int> { Int(offsets[index])..<Int(offsets[index + 1]) }

    subscript(index: Int) -> Span<UInt8> {
        @_lifetime(borrow self)
        get { bytes.span.extracting(range(index)) }
    }

    mutating func append(_ string: Span<UInt8>) {
        bytes.append(string)
        offsets.append(UInt32(bytes.count))
    }
}

/// Finds numbered things by hash: open addressing over their numbers, at most three quarters full. The owner compares.
struct HashSlots: Sendable {
    private var slots: [UInt32]
    private var used = 0
    private static let free = UInt32.max

    init() {
        slots = [UInt32](repeating: Self.free, count: 16)
    }

    /// The first number with this hash that satisfies `matches`.
    @inline(__always)
    func find(_ hash: UInt64, _ matches: (Int) -> Bool) -> Int? {
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: hash >> 20) & mask
        while true {
            let number = slots[place]
            if number == Self.free { return nil }
            if matches(Int(number)) { return Int(number) }
            place = (place + 1) & mask
        }
    }

    /// Adds a number that is not there; `hashOf` gives the hash of one that is.
    mutating func insert(_ number: Int, hash: UInt64, hashOf: (Int) -> UInt64) {
        if (used + 1) * 4 > slots.count * 3 { grow(hashOf) }
        place(UInt32(number), hash)
        used += 1
    }

    private mutating func place(_ number: UInt32, _ hash: UInt64) {
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: hash >> 20) & mask
        while slots[place] != Self.free { place = (place + 1) & mask }
        slots[place] = number
    }

    private mutating func grow(_ hashOf: (Int) -> UInt64) {
        let old = slots
        slots = [UInt32](repeating: Self.free, count: old.count * 2)
        for number in old where number != Self.free { place(number, hashOf(Int(number))) }
    }
}
