import Encoding
import Model
import Testing

@testable import Ingest

/// Classic histograms as native ones with custom bounds. The histograms expected are written by hand.
struct ClassicHistogramsTests {
    private func converted(
        _ text: String, isOpenMetrics: Bool = false, keepsClassic: Bool = false
    ) throws -> ExpositionPage {
        var page = ExpositionPage()
        let bytes = Array(text.utf8)
        try page.read(bytes.span, isOpenMetrics: isOpenMetrics)
        try ClassicHistograms.convert(&page, isOpenMetrics: isOpenMetrics, keepsClassic: keepsClassic)
        return page
    }

    private func series(_ page: ExpositionPage) -> [String] {
        page.rows.map { String(decoding: page.text[$0.series], as: UTF8.self) }
    }

    private func native(_ counts: [UInt64], _ bounds: [Double], sum: Double) -> NativeHistogram {
        NativeHistogram(
            schema: -53, sum: sum,
            counts: .integer(count: counts.reduce(0, +), zero: 0, positive: counts, negative: []),
            positiveSpans: [.init(offset: 0, length: UInt32(counts.count))], customBounds: bounds)
    }

    private let page = """
        # HELP h how long
        # TYPE h histogram
        h_bucket{code="200",le="0.5"} 3
        h_bucket{code="200",le="1"} 3
        h_bucket{code="200",le="+Inf"} 7
        h_sum{code="200"} 12.5
        h_count{code="200"} 7
        h_bucket{code="500",le="+Inf"} 1
        h_bucket{code="500",le="0.5"} 0
        h_sum{code="500"} 9
        h_count{code="500"} 1
        other_sum 4
        # TYPE c counter
        c_count 5

        """

    @Test func eachSetOfLabelsBecomesOneHistogram() throws {
        let page = try converted(page)
        #expect(series(page) == ["other_sum", "c_count", #"{"h","code"="200"}"#, #"{"h","code"="500"}"#])
        #expect(page.rows.map(\.histogram) == [-1, -1, 0, 1])
        #expect(page.histograms[0] == native([3, 0, 4], [0.5, 1], sum: 12.5))
        #expect(page.histograms[1] == native([0, 1], [0.5], sum: 9))
        #expect(page.metadata.map(\.family) == ["h", "c"])
    }

    @Test func classicSeriesStayWhereTheyAreWanted() throws {
        let page = try converted(page, keepsClassic: true)
        #expect(page.rows.count == 13)
        #expect(page.histograms.count == 2)
    }

    @Test func aHistogramWithoutItsLastBucketOrCountIsCompleted() throws {
        let without = try converted("# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_sum 3\nh_count 5\n")
        #expect(without.histograms == [native([2, 3], [1], sum: 3)])
        let uncounted = try converted("# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 5\n")
        #expect(uncounted.histograms == [native([2, 3], [1], sum: 0)])
    }

    @Test(arguments: [
        "h_bucket{le=\"1\"} 5\nh_bucket{le=\"2\"} 4\nh_bucket{le=\"+Inf\"} 5\nh_count 5\n",
        "h_bucket{le=\"1\"} 5\nh_bucket{le=\"+Inf\"} 6\nh_count 5\n",
        "h_bucket{le=\"1\"} -1\nh_bucket{le=\"+Inf\"} 6\nh_count 6\n",
    ])
    func whatIsNoHistogramIsNone(lines: String) throws {
        let page = try converted("# TYPE h histogram\n" + lines)
        #expect(page.histograms.isEmpty)
        #expect(page.rows.isEmpty)
    }

    @Test func countsThatAreNotWholeMakeAHistogramOfFloats() throws {
        let page = try converted("# TYPE h histogram\nh_bucket{le=\"1\"} 0.5\nh_bucket{le=\"+Inf\"} 2\nh_count 2\n")
        #expect(
            page.histograms.first?.counts == .float(count: 2, zero: 0, positive: [0.5, 1.5], negative: []))
    }

    @Test func exemplarsOfBucketsWithATimeBelongToTheHistogram() throws {
        let page = try converted(
            """
            # TYPE h histogram
            h_bucket{le="1.0"} 1 # {trace_id="a"} 0.5 1.25
            h_bucket{le="+Inf"} 2 # {trace_id="b"} 3
            h_sum 3.5
            h_count 2
            # EOF

            """, isOpenMetrics: true)
        let row = try #require(page.rows.last)
        #expect(page.exemplars[row.exemplars].map(\.value) == [0.5])
        #expect(page.histograms == [native([1, 1], [1], sum: 3.5)])
    }
}
