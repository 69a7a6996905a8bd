import Encoding
package import HTTP
package import Storage
import Telemetry

/// The last step of every way by which logs come in: the store, counted by protocol, and what its answer means to a
/// client over HTTP.
package final class LogIntake: Sendable {
    /// Names the sender of a batch and its number: `sender:number`.
    package static let identityHeader = "x-obs-batch"
    private static let senderBytesMax = 256

    private let store: any LogStore
    private let limits: LogIngestLimits
    private let pipelines: @Sendable () -> [LogPipeline]
    private let dropped: Counter
    private let accepted: Counter
    private let cut: Counter
    private let repeats: Counter
    private let refused: [Counter]

    /// - Parameter name: of the protocol, as its metrics' label shows it.
    package init(_ name: String, _ context: LogIngestContext) {
        store = context.store
        limits = context.limits
        pipelines = context.pipelines
        let registry = context.registry
        accepted = registry.counters(
            "obs_ingest_log_entries_total", "Log entries that were taken, by protocol.", labels: ["protocol"]
        ).with(name)
        cut = registry.counters(
            "obs_ingest_log_entries_cut_total", "Log entries whose line was too long and was cut, by protocol.",
            labels: ["protocol"]
        ).with(name)
        repeats = registry.counters(
            "obs_ingest_log_entries_repeated_total", "Log entries that were there already, by protocol.",
            labels: ["protocol"]
        ).with(name)
        dropped = registry.counters(
            "obs_ingest_log_entries_dropped_total", "Log entries that a pipeline left out, by protocol.",
            labels: ["protocol"]
        ).with(name)
        let refusals = registry.counters(
            "obs_ingest_log_entries_refused_total", "Log entries that were refused, by protocol and reason.",
            labels: ["protocol", "reason"])
        refused = LogAppendOutcome.Reason.allCases.map { refusals.with(name, "\($0)") }
    }

    /// The identity that a request gives its batch; nil where it gives none.
    package func identity(of request: borrowing Request) throws(RequestRefusal) -> LogBatch.Identity? {
        guard let text = request.headerText(Self.identityHeader) else { return nil }
        guard let colon = text.lastIndex(of: ":"), let sequence = UInt64(text[text.index(after: colon)...]),
            colon > text.startIndex, text[..<colon].utf8.count <= Self.senderBytesMax
        else {
            throw RequestRefusal(
                .badRequest, "X-Obs-Batch is \(Quoted.text(text)), and should be the sender, a colon and a number")
        }
        return LogBatch.Identity(sender: String(text[..<colon]), sequence: sequence)
    }

    /// Takes the batch of a request whose answer has no place for single refusals: with one it is refused as a whole.
    ///
    /// - Returns: how many entries were taken.
    @discardableResult
    package func takeWhole(
        _ batch: LogBatch, of request: borrowing Request, dropsRepeats: Bool = false
    ) throws(RequestRefusal) -> Int {
        var batch = batch
        batch.identity = try identity(of: request)
        batch.dropsRepeats = dropsRepeats && batch.identity == nil
        let outcome = try take(batch)
        if let refusal = outcome.refusal { throw refusal }
        return outcome.accepted
    }

    package func take(_ batch: LogBatch) throws(RequestRefusal) -> LogAppendOutcome {
        guard batch.entries.count <= limits.entriesMax else {
            throw RequestRefusal(
                .contentTooLarge,
                "the request holds \(batch.entries.count) entries, more than the limit of \(limits.entriesMax)")
        }
        let pipelines = pipelines()
        let staged = pipelines.isEmpty ? nil : LogPipeline.run(pipelines, batch)
        var outcome: LogAppendOutcome
        do throws(StorageError) {
            outcome = try store.append(staged?.batch ?? batch)
        } catch {
            throw RequestRefusal(error.status, "\(error)")
        }
        if let origins = staged?.origins {
            dropped.add(batch.entries.count - origins.count)
            for index in outcome.refusals.indices {
                outcome.refusals[index].entry = origins[outcome.refusals[index].entry]
            }
        }
        accepted.add(outcome.accepted)
        cut.add(outcome.cut)
        repeats.add(outcome.repeats + (outcome.isRepeatedBatch ? batch.entries.count : 0))
        for refusal in outcome.refusals { refused[refusal.reason.rawValue].add() }
        return outcome
    }
}

extension LogAppendOutcome {
    /// What a client is told whose entries were taken in part only; nil where all of them were.
    var refusal: RequestRefusal? {
        guard let first = refusals.first else { return nil }
        return RequestRefusal(
            first.reason == .tooManyStreams ? .tooManyRequests : .badRequest,
            "\(refusals.count) entries were refused, \(accepted) were taken: \(sentence)")
    }
}

extension Response {
    /// Refuses, and says when to come again where that helps.
    mutating func refuseWithRetry(_ refusal: RequestRefusal) {
        if refusal.status == .serviceUnavailable { fields.append("Retry-After", "5") }
        refuse(refusal)
    }
}
