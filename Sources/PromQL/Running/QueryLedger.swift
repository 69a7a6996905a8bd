import Synchronization
import Text

/// What one query holds: bytes and samples, against its own bounds, those of its principal and those of all queries. Threads that work
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
    /// Taken from the principal's share: `samples` rounded up likewise.
    private let takenSamples = Atomic<Int>(0)

    private static let piece = 256 << 10
    private static let samplesPiece = 1 << 10

    package init(memory: QueryMemory, bytesMax: Int, samplesMax: Int, progress: QueryProgress) {
        self.memory = memory
        self.bytesMax = bytesMax
        self.samplesMax = samplesMax
        self.progress = progress
    }

    deinit {
        let bytes = taken.load(ordering: .relaxed)
        memory.giveBack(bytes)
        progress.share?.giveBack(bytes: bytes)
        progress.share?.giveBack(samples: takenSamples.load(ordering: .relaxed))
    }

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
            if let share = progress.share { try take(samples: held, of: share) }
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
            if let share = progress.share, !share.take(bytes: more) {
                memory.giveBack(more)
                throw Self.noneLeft(of: share)
            }
            let outcome = taken.compareExchange(expected: have, desired: have + more, ordering: .relaxed)
            if outcome.exchanged { return }
            memory.giveBack(more)
            progress.share?.giveBack(bytes: more)
        }
    }

    private func take(samples wanted: Int, of share: PrincipalShare) throws(QueryError) {
        while true {
            let have = takenSamples.load(ordering: .relaxed)
            if have >= wanted { return }
            let more = (wanted - have + Self.samplesPiece - 1) / Self.samplesPiece * Self.samplesPiece
            guard share.take(samples: more) else { throw Self.noSamplesLeft(of: share) }
            let outcome = takenSamples.compareExchange(expected: have, desired: have + more, ordering: .relaxed)
            if outcome.exchanged { return }
            share.giveBack(samples: more)
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

    private static func noneLeft(of share: PrincipalShare) -> QueryError {
        QueryError(
            .limit,
            "queries of the same principal hold the \(ByteSize.text(ofBytes: Int64(share.limits.memoryMaxBytes))) of memory that they may hold together: ask again when some are done, ask for less, or raise queries.memory_per_principal_max"
        )
    }

    private static func noSamplesLeft(of share: PrincipalShare) -> QueryError {
        QueryError(
            .limit,
            "queries of the same principal hold the \(share.limits.samplesMax) samples that they may hold together: ask again when some are done, ask for less, or raise queries.samples_per_principal_max"
        )
    }

    private static func tooManySamples(_ limit: Int) -> QueryError {
        QueryError(
            .limit,
            "query processing would load too many samples into memory in query execution: more than the \(limit) that queries.samples_max in the configuration allows"
        )
    }
}
