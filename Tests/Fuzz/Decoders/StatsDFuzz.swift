import Ingest
import Model

extension FuzzedDecoder {
    /// Lines of both plain protocols have a name and finite numbers, or are refused with a reason.
    static let statsD = FuzzedDecoder("statsd", bytesMax: 512) { bytes in
        do throws(StatsDLine.Flaw) {
            let line = try StatsDLine(bytes)
            check(!line.name.isEmpty && line.rate > 0 && line.values.allSatisfy(\.isFinite), "a line means nothing")
        } catch {
            check(!error.reason.isEmpty, "a refusal says nothing")
        }
        do throws(GraphiteLine.Flaw) {
            check(!(try GraphiteLine(bytes)).labels.isEmpty, "a line has no name")
        } catch {
            check(!error.reason.isEmpty, "a refusal says nothing")
        }
    }
}
