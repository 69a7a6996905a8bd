import Encoding
import Posix
import Storage

/// Which entries of batches that drop repetitions were taken lately: hashes of stream, time and line, in two generations
/// that a flush moves on. Two different entries with one hash of 64 bits would pass for one: at a million entries held
/// that is one chance in forty million.
final class Repeats: Sendable {
    private struct State {
        var young = HashSet64()
        var old = HashSet64()
        /// Of each batch that is not in the log yet its entries, which are in `young` already. A repetition of one waits.
        var pending: [[UInt64]] = []
    }

    private let state = Monitor(State())
    private let seed: UInt64
    static let entriesMax = 4 << 20
    private static let waitNs: Int64 = 10_000_000_000

    init(seed: UInt64) { self.seed = seed }

    func hash(_ stream: Span<UInt8>, _ timestampNs: Int64, _ line: Span<UInt8>) -> UInt64 {
        Hash64.of(line, seed: Hash64.of(stream, seed: seed) &+ UInt64(bitPattern: timestampNs))
    }

    /// Which entries are new. They are pending until `end` says what became of them.
    ///
    /// - Returns: nil where an entry's first coming is still under way for too long.
    func begin(_ hashes: [UInt64]) -> [Bool]? {
        state.wait(atMostNs: Self.waitNs) { state -> [Bool]? in
            if state.young.count + hashes.count > Self.entriesMax { Self.moveOn(&state) }
            var isNew: [Bool] = []
            isNew.reserveCapacity(hashes.count)
            for (index, hash) in hashes.enumerated() {
                isNew.append(!state.old.contains(hash) && state.young.insert(hash))
                guard !isNew[index], state.pending.contains(where: { $0.contains(hash) }) else { continue }
                for (hash, isNew) in zip(hashes, isNew) where isNew { state.young.remove(hash) }
                return nil
            }
            if isNew.contains(true) { state.pending.append(hashes) }
            return isNew
        }
    }

    func end(_ hashes: [UInt64], _ isNew: [Bool], isKept: Bool) {
        state.withLock { state in
            if let place = state.pending.firstIndex(of: hashes) { state.pending.remove(at: place) }
            if isKept { return }
            for (hash, isNew) in zip(hashes, isNew) where isNew {
                state.young.remove(hash)
                state.old.remove(hash)
            }
        }
        state.wakeAll()
    }

    /// Of an entry that the log held at the start.
    func restore(_ hash: UInt64) { state.withLock { Self.insert(hash, &$0) } }

    private static func insert(_ hash: UInt64, _ state: inout State) {
        if state.young.count >= entriesMax { moveOn(&state) }
        state.young.insert(hash)
    }

    /// What was deleted may come again.
    func forget() {
        state.withLock { state in
            state.young.removeAll()
            state.old.removeAll()
        }
    }

    func moveOn() { state.withLock { Self.moveOn(&$0) } }

    private static func moveOn(_ state: inout State) {
        swap(&state.young, &state.old)
        state.young.removeAll()
    }
}

/// Which identified batches were taken: for each sender the latest sequences.
struct TakenBatches: Equatable, Sendable {
    static let sendersMax = 10_000
    /// A sequence so far behind the newest of its sender counts as taken.
    static let windowMax = 1024

    struct Sender: Equatable, Sendable {
        var sequences: Set<UInt64> = []
        var newest: UInt64 = 0
        /// When it last sent, counted in batches.
        var lastUse: UInt64 = 0
    }

    private var senders: [String: Sender] = [:]
    private var uses: UInt64 = 0

    init() {}

    func holds(_ identity: LogBatch.Identity) -> Bool {
        guard let sender = senders[identity.sender] else { return false }
        if identity.sequence &+ UInt64(Self.windowMax) <= sender.newest { return true }
        return sender.sequences.contains(identity.sequence)
    }

    mutating func add(_ identity: LogBatch.Identity) {
        uses += 1
        if senders[identity.sender] == nil, senders.count >= Self.sendersMax,
            let oldest = senders.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            senders[oldest.key] = nil
        }
        var sender = senders[identity.sender] ?? Sender()
        sender.sequences.insert(identity.sequence)
        sender.newest = max(sender.newest, identity.sequence)
        sender.lastUse = uses
        if sender.sequences.count > Self.windowMax * 2 {
            let newest = sender.newest
            sender.sequences = sender.sequences.filter { $0 &+ UInt64(Self.windowMax) > newest }
        }
        senders[identity.sender] = sender
    }

    func encode(to bytes: inout [UInt8]) {
        bytes.appendVarint(UInt64(senders.count))
        for (name, sender) in senders.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
            bytes.appendVarint(UInt64(name.utf8.count))
            bytes += name.utf8
            bytes.appendVarint(UInt64(sender.sequences.count))
            for sequence in sender.sequences.sorted() { bytes.appendVarint(sequence) }
        }
    }

    init(_ reader: inout ByteReader) throws(DecodeError) {
        for _ in 0..<(try reader.readVarint()) {
            var name: [UInt8] = []
            name.append(try reader.readBytes(Int(clamping: try reader.readVarint())))
            let sender = String(decoding: name, as: UTF8.self)
            for _ in 0..<(try reader.readVarint()) {
                add(LogBatch.Identity(sender: sender, sequence: try reader.readVarint()))
            }
        }
    }
}
