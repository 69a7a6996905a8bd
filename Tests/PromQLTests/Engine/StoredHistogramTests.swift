import Model
import PromQL
import Testing

@Suite struct StoredHistogramTests {
    /// What is stored in integers counts as much as what is stored in floating point numbers.
    @Test func integerHistogramsKeepTheirCounts() {
        let spans = [NativeHistogram.Span(offset: 0, length: 2)]
        func histogram(_ counts: NativeHistogram.Counts) -> NativeHistogram {
            NativeHistogram(schema: 0, sum: 4, counts: counts, positiveSpans: spans, negativeSpans: spans)
        }
        let integers = FloatHistogram(
            histogram(.integer(count: 15, zero: 1, positive: [3, 5], negative: [2, 4])))
        let floats = histogram(.float(count: 15, zero: 1, positive: [3, 5], negative: [2, 4]))
        #expect(integers.native == floats)
    }
}
