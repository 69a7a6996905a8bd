package import Encoding
package import Model

/// Reads lines of Prometheus' text format into a batch, one sample a line. Other than on a page that is scraped each
/// sample needs its timestamp, for it may be of any time. A line that is flawed leaves the batch as it was.
package struct TextLineReader: Sendable {
    private var labels = CheckedLabels()
    private let seed: Hash128

    /// - Parameter seed: of the keys by which the store knows series.
    package init(seed: Hash128) {
        self.seed = seed
    }

    /// Appends the sample of a line.
    ///
    /// - Returns: false for a comment.
    package func read(_ line: Span<UInt8>, into batch: inout SampleBatch) throws(LineFlaw) -> Bool {
        var reader = ExpositionReader(line, isOpenMetrics: false)
        do throws(ExpositionError) {
            guard try reader.next() == .series else { return false }
        } catch {
            throw LineFlaw(error.reason)
        }
        guard let timestampMs = reader.timestampMs else {
            throw LineFlaw("the timestamp is missing, which is the last word of a line: milliseconds since 1970")
        }
        batch.values.append(reader.value)
        batch.timestampsMs.append(timestampMs)
        batch.series.append(
            SampleBatch.Series(
                key: Hash128.of(line.extracting(reader.series), seed: seed),
                samples: batch.values.count - 1..<batch.values.count))
        return true
    }

    /// Appends the canonical labels of a line that `read` has taken.
    package mutating func writeLabels(_ line: Span<UInt8>, into bytes: inout [UInt8]) throws(LabelFlaw) -> Range<Int> {
        labels.removeAll()
        var reader = ExpositionReader(line, isOpenMetrics: false)
        do throws(ExpositionError) {
            _ = try reader.next()
        } catch {
            throw labels.refusal(.malformed(error.reason))
        }
        var pairs = LabelsBuilder()
        reader.write(into: &pairs)
        for pair in pairs.pairs { labels.append(pair.name.utf8.span, pair.value.utf8.span) }
        return try labels.write(into: &bytes)
    }
}
