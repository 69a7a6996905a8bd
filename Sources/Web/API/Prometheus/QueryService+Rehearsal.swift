import Encoding
import HTTP
import Posix
import PromQL

extension QueryService {
    /// Has a thread of the pool ask `text` some times over and write the answers for nobody: what queries
    /// need is then in memory, and the first person who asks after a start does not wait for it.
    package func rehearse(_ text: String) {
        _ = quick.run { [self] in
            for _ in 0..<Self.rehearsals {
                guard let result = try? rehearsed(text) else { return }  // it has gone as far as it can
                var writer = JSONWriter()
                QueryResultJSON(result, limit: nil).write(to: &writer) { _ in true }
            }
        }
    }

    private func rehearsed(_ text: String) throws -> QueryResult {
        let endMs = time.wallMs
        return try engine.prepareRange(
            Parser.parse(text), startMs: endMs - Self.rehearsedMs, endMs: endMs, stepMs: Self.rehearsedStepMs,
            QueryProgress()
        ).run()
    }

    /// Until a processor has learnt the way: a few milliseconds of work.
    private static let rehearsals = 32
    private static let rehearsedMs: Int64 = 3_600_000
    private static let rehearsedStepMs: Int64 = 15_000
}
