import LogQL
import Model
import PromQL
import Storage
import TestSupport

extension FuzzedDecoder {
    /// A query and, behind a line feed, a line that its stages work on. Whatever is asked is answered or refused.
    static let logStages = FuzzedDecoder("log-stages", bytesMax: 512) { bytes in
        let parts = bytes.array.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let query = try? LogQuery(parsing: String(decoding: parts[0], as: UTF8.self)) else { return }  // no news
        let store = MemoryLogStore()
        var batch = LogBatch()
        let stream = batch.appendStream(Labels([(name: "app", value: "a")]))
        let line = Array(parts.count > 1 ? parts[1] : [])
        batch.append(
            1_000_000_000, stream: stream, line.span,
            metadata: Labels([(name: "trace", value: "t"), (name: "a", value: "1")]))
        do {
            _ = try store.append(batch)
            let engine = LogEngine(store: store)
            switch query {
            case .lines(let selector):
                let lines = try engine.lines(.init(selector, startNs: 0, endNs: .max, limit: 10)).lines
                check(lines.count <= 1, "more lines than there are")
            case .metric(let expression):
                _ = try engine.metric(expression, startNs: 0, endNs: 3_000_000_000, stepNs: 1_000_000_000)
            }
        } catch {
            check(!"\(error)".isEmpty, "an error without words")
        }
    }
}
