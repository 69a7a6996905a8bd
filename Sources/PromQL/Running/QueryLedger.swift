import Synchronization
import Text

/// What one query holds: bytes and samples, against its own bounds and those of all queries together. Threads that work
/// on the query share it. What it holds at the end goes back when nobody refers to it any more.
package final class QueryLedger: Sendable {
    private let memory: QueryMemory
    private let bytesMax: Int
    private let samplesMax: Int
    private let progress: QueryProgress
    private let bytes = Atomic<Int>(0)
    private let samples = Atomic<Int>(0)
    /// Part of `bytes` and `samples` that stays until the end whatever is settled.
    private let keptBytes = Atomic<Int>(0)
    private let keptSamples = Atomic<Int>(0)
    /// Taken from `memory`: `bytes` rounded up to pieces, so that threads rarely meet there.
    private let taken = Atomic<Int>(0)

    private static let piece = 256 << 10

    package init(memory: QueryMemory, bytesMax: Int, samplesMax: Int, progress: QueryProgress) {
        self.memory = memory
        self.bytesMax = bytesMax
        self.samplesMax = samplesMax
        self.progress = progress
    }

    deinit { memory.giveBack(taken.load(ordering: .relaxed)) }

    /// What was held at some instant, to return to.
    struct Mark {
        fileprivate var bytes: Int
        fileprivate var samples: Int
    }

    var mark: Mark {
        Mark(
            bytes: bytes.load(ordering: .relaxed) - keptBytes.load(ordering: .relaxed),
            samples: samples.load(ordering: .relaxed) - keptSamples.load(ordering: .relaxed))
    }

    package func hold(bytes count: Int, samples: Int = 0) throws(QueryError) {
        if samples > 0 {
            let held = self.samples.wrappingAdd(samples, ordering: .relaxed).newValue
            progress.note(samples: held)
            if held > samplesMax { throw Self.tooManySamples(samplesMax) }
        }
        let held = bytes.wrappingAdd(count, ordering: .relaxed).newValue
        progress.note(bytes: held)
        if held > bytesMax { throw Self.tooLarge(bytesMax) }
        try take(held)
    }

    /// Gives up what is not held any more, before the query's end.
    package func release(bytes count: Int, samples: Int = 0) {
        bytes.wrappingSubtract(count, ordering: .relaxed)
        self.samples.wrappingSubtract(samples, ordering: .relaxed)
    }

    /// From an earlier mark on only this much is held; whoever else worked on the query has finished.
    func settle(_ mark: Mark, bytes: Int, samples: Int) {
        self.bytes.store(mark.bytes + keptBytes.load(ordering: .relaxed) + bytes, ordering: .relaxed)
        self.samples.store(mark.samples + keptSamples.load(ordering: .relaxed) + samples, ordering: .relaxed)
    }

    /// So much of what is held stays to the end.
    func keep(bytes: Int, samples: Int) {
        keptBytes.wrappingAdd(bytes, ordering: .relaxed)
        keptSamples.wrappingAdd(samples, ordering: .relaxed)
        self.bytes.wrappingAdd(bytes, ordering: .relaxed)
        self.samples.wrappingAdd(samples, ordering: .relaxed)
    }

    private func take(_ wanted: Int) throws(QueryError) {
        while true {
            let have = taken.load(ordering: .relaxed)
            if have >= wanted { return }
            let more = (wanted - have + Self.piece - 1) / Self.piece * Self.piece
            guard memory.take(more, holding: have) else { throw Self.noneLeft(memory.limitBytes) }
            let outcome = taken.compareExchange(expected: have, desired: have + more, ordering: .relaxed)
            if outcome.exchanged { return }
            memory.giveBack(more)
        }
    }

    static func tooLarge(_ limit: Int) -> QueryError {
        QueryError(
            .limit,
            "the query needs more than the \(ByteSize.text(ofBytes: Int64(limit))) of memory that one query may hold: select fewer series, a shorter time or a larger step, or raise queries.memory_max in the configuration"
        )
    }

    private static func noneLeft(_ limit: Int) -> QueryError {
        QueryError(
            .limit,
            "queries hold the \(ByteSize.text(ofBytes: Int64(limit))) of memory that all of them together may hold: ask again later, ask for less, or raise --memory"
        )
    }

    private static func tooManySamples(_ limit: Int) -> QueryError {
        QueryError(
            .limit,
            "query processing would load too many samples into memory in query execution: more than the \(limit) that queries.samples_max in the configuration allows"
        )
    }
}
