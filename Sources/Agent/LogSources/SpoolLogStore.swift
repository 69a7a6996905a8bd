import Encoding
import Ingest
import Journal
import Model
import Posix
import Storage
import Telemetry

/// The store that the agent's listeners write to: batches become pushes of logs in the spool. Nothing can be asked of it.
/// While the spool is full it takes nothing, so that senders on streams wait.
final class SpoolLogStore: LogStore {
    private let spool: Spool
    private let labels: [String: String]
    private let encoder = Lock(LokiPushEncoder())
    private let lines: Counter

    /// - Parameter labels: of every stream that has none of that name.
    init(_ spool: Spool, _ source: String, labels: [String: String], registry: Registry) {
        (self.spool, self.labels) = (spool, labels)
        lines = LogBatcher.lines(of: source, registry)
    }

    func append(_ batch: LogBatch) throws(StorageError) -> LogAppendOutcome {
        var outcome = LogAppendOutcome()
        guard !batch.entries.isEmpty else { return outcome }
        let labelled = labelled(batch)
        do {
            let body = try encoder.withLock { encoder throws(CompressionError) in try encoder.encode(labelled) }
            guard try spool.offer(logs: body, count: batch.entries.count) else {
                throw StorageError.unavailable(reason: "the spool is full", retryAfterSeconds: 1)
            }
        } catch let error as StorageError {
            throw error
        } catch {
            throw .unavailable(reason: "the spool takes no lines: \(error)", retryAfterSeconds: 5)
        }
        lines.add(batch.entries.count)
        outcome.accepted = batch.entries.count
        return outcome
    }

    private func labelled(_ batch: LogBatch) -> LogBatch {
        var result = batch
        result.streams = batch.streams.map { range in
            var builder = LabelsBuilder(Labels(canonical: Array(batch.bytes[range])))
            for (name, value) in labels where !builder.contains(name) { builder.set(name, value) }
            return result.append(builder.labels().bytes.span)
        }
        return result
    }
}

/// What an agent does not answer.
extension SpoolLogStore {
    private static let refusal = StorageError.invalid("an agent keeps nothing that could be asked; ask its collector")

    func scan(_ request: LogSelectRequest) throws(StorageError) -> any LogScan { throw Self.refusal }
    func streams(_ request: LabelRequest) throws(StorageError) -> [Labels] { throw Self.refusal }
    func volumes(_ request: LogSelectRequest) throws(StorageError) -> [LogVolume] { throw Self.refusal }
    func delete(_ request: LabelRequest) throws(StorageError) { throw Self.refusal }
    func tail(
        _ matchers: [Matcher], bytesMax: Int, wake: @escaping @Sendable () -> Void
    ) throws(StorageError) -> LogTail { throw Self.refusal }
}
