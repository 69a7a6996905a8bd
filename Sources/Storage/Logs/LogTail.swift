package import Model
import Posix
import Synchronization

/// Entries from the call of `LogStore.tail` on, in the order in which they were taken. What its reader does not fetch in
/// time is dropped beyond a bound and counted, so that nobody who only looks on holds up those who write.
package final class LogTail: Sendable {
    private struct State {
        var waiting = LogBlock()
        var numbers: [Labels: Int] = [:]
        var dropped = 0
        var isClosed = false

        mutating func append(_ entry: LogBatch.Entry, _ labels: Labels, _ bytes: [UInt8]) {
            let number = numbers[labels] ?? waiting.streams.count
            if number == waiting.streams.count {
                numbers[labels] = number
                waiting.streams.append(labels)
            }
            waiting.streamOf.append(number)
            waiting.timestampsNs.append(entry.timestampNs)
            waiting.lineBytes.append(contentsOf: bytes[entry.line])
            waiting.lineEnds.append(waiting.lineBytes.count)
            waiting.metadataBytes.append(contentsOf: bytes[entry.metadata])
            waiting.metadataEnds.append(waiting.metadataBytes.count)
        }
    }

    private let state = Monitor(State())
    private let matchers: [Matcher]
    private let bytesMax: Int
    private let wake: @Sendable () -> Void

    /// - Parameters:
    ///   - bytesMax: of lines and metadata that wait to be fetched.
    ///   - wake: called after entries came, on the thread of whoever brought them: it has to be quick.
    package init(_ matchers: [Matcher], bytesMax: Int, wake: @escaping @Sendable () -> Void = {}) {
        (self.matchers, self.bytesMax, self.wake) = (matchers, bytesMax, wake)
    }

    /// Replaces what `block` holds by what came since the last call, and waits for it where nothing did.
    ///
    /// - Returns: false where nothing came in this time, or the tail was closed.
    package func next(into block: inout LogBlock, waitMs: Int) -> Bool {
        var taken = LogBlock()
        swap(&taken, &block)
        taken.removeAll(fields: 0)
        let spare = taken
        let found = state.wait(atMostNs: Int64(waitMs) * 1_000_000) { state -> LogBlock? in
            guard state.waiting.count > 0 || state.isClosed else { return nil }
            var told = spare
            swap(&told, &state.waiting)
            state.numbers.removeAll(keepingCapacity: true)
            return told
        }
        guard let found else { return false }
        block = found
        return block.count > 0
    }

    /// How many entries were dropped since the last call.
    package func takeDropped() -> Int {
        state.withLock { state in
            defer { state.dropped = 0 }
            return state.dropped
        }
    }

    /// Ends it: whoever waits is told at once, and the store forgets it.
    package func close() {
        state.withLock { $0.isClosed = true }
        state.wakeAll()
    }

    package var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Adds the entries of streams that match.
    ///
    /// - Parameters:
    ///   - taken: indices of the entries that are meant; nil for all.
    ///   - share: how much may wait here of what all tails may hold.
    func add(_ batch: LogBatch, _ taken: [Int]?, share: Int = .max) {
        let bytesMax = min(bytesMax, share)
        let streams = batch.streams.map { range -> Labels? in
            let labels = Labels(canonical: Array(batch.bytes[range]))
            return isMeant(labels) ? labels : nil
        }
        guard streams.contains(where: { $0 != nil }) else { return }
        let isAny = state.withLock { state -> Bool in
            if state.isClosed { return false }
            for index in taken ?? Array(batch.entries.indices) {
                let entry = batch.entries[index]
                guard let labels = streams[entry.stream] else { continue }
                let held = state.waiting.lineBytes.count + state.waiting.metadataBytes.count
                if held + entry.line.count + entry.metadata.count <= bytesMax {
                    state.append(entry, labels, batch.bytes)
                } else {
                    state.dropped += 1
                }
            }
            return true
        }
        guard isAny else { return }
        state.wakeAll()
        wake()
    }

    private func isMeant(_ labels: Labels) -> Bool {
        matchers.allSatisfy { matcher in
            let name = Array(matcher.name.utf8)
            return matcher.matches(labels.bytes.span.extracting(labels.valueRange(of: name.span) ?? 0..<0))
        }
    }
}

/// The tails of a store.
package final class LogTails: Sendable {
    /// More are refused.
    package static let tailsMax = 1000
    /// Of entries that wait in all tails together: each may hold its share of it.
    private static let waitingBytesMax = 128 << 20

    private let tails = Lock<[LogTail]>([])
    private let count = Atomic<Int>(0)

    package init() {}

    package func add(_ tail: LogTail) throws(StorageError) {
        let isAdded = tails.withLock { tails in
            tails.removeAll { $0.isClosed }
            if tails.count >= Self.tailsMax { return false }
            tails.append(tail)
            count.store(tails.count, ordering: .releasing)
            return true
        }
        guard isAdded else {
            throw .limitExceeded(
                limit: "log tails", sentence: "\(Self.tailsMax) tails of logs are open already; close some of them")
        }
    }

    /// Tells every tail of entries that were taken; costs nothing where there is none.
    ///
    /// - Parameter taken: indices of the entries that are meant; nil for all.
    package func publish(_ batch: LogBatch, _ taken: [Int]?) {
        if count.load(ordering: .acquiring) == 0 { return }
        let open = tails.withLock { tails in
            tails.removeAll { $0.isClosed }
            count.store(tails.count, ordering: .releasing)
            return tails
        }
        let share = Self.waitingBytesMax / max(1, open.count)
        for tail in open { tail.add(batch, taken, share: share) }
    }

    /// Ends all of them.
    package func close() {
        for tail in tails.withLock({ $0 }) { tail.close() }
    }
}
