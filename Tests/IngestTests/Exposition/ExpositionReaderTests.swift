import Encoding
import Ingest
import Model
import TestSupport
import Testing

/// What the rules of Prometheus' lexers say, token by token (model/textparse/promlex.l and openmetricslex.l of 3.x).
struct ExpositionReaderTests {
    private func series(_ page: String, isOpenMetrics: Bool = false) throws -> [String] {
        let bytes = Array(page.utf8)
        var reader = ExpositionReader(bytes.span, isOpenMetrics: isOpenMetrics)
        var found: [String] = []
        while let entry = try reader.next() {
            guard entry == .series else { continue }
            var builder = LabelsBuilder()
            reader.write(into: &builder)
            let labels = builder.pairs.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
            found.append("\(labels) \(reader.value)" + (reader.timestampMs.map { " @\($0)" } ?? ""))
        }
        return found
    }

    @Test func blanksMayStandBetweenAllTokensOfText() throws {
        #expect(try series("  a \t{ b = \"c\" , d=\"e\" } \t 1 \t 2 \n") == ["__name__=a,b=c,d=e 1.0 @2"])
        #expect(try series("a{b=\"c\" d=\"e\"}1\n") == ["__name__=a,b=c,d=e 1.0"])
        #expect(try series("a{b=\"c\",}1") == ["__name__=a,b=c 1.0"])
    }

    @Test func namesInQuotesMayBeAnyText() throws {
        #expect(try series("{\"a.b\"} 1\n") == ["__name__=a.b 1.0"])
        #expect(try series("{\"a.b\",\"c d\"=\"e\"} 1\n") == ["__name__=a.b,c d=e 1.0"])
        #expect(try series("{\"x\\\"y\"} 1\n") == ["__name__=x\"y 1.0"])
        #expect(try series("{\"a.b\",c=\"d\"} 1\n# EOF\n", isOpenMetrics: true) == ["__name__=a.b,c=d 1.0"])
    }

    @Test(
        arguments: [
            "a", "a{} ", "a{b} 1", "a{b=} 1", "a{,b=\"c\"} 1", "a{b=\"c\",,d=\"e\"} 1", "a{b=c} 1", "a{b=\"c} 1",
            "a{b=\"c\"", "{} 1", "{b=\"c\"} 1", "a{\"b\"} 1", "a 1 -1", "a 1 1.5", "a 1 1 1", "a 1x", "a 0x1p3",
            "a 1_000", "0a 1", "a-b 1", "a 1 99999999999999999999", "# TYPE a weird", "# TYPE a", "# HELP 0a x",
            "a{b=\"\u{1}\"}",
        ])
    func flawedTextIsRefused(_ line: String) {
        #expect(throws: ExpositionError.self) { try series("up 1\n\(line)\n") }
    }

    @Test func anErrorNamesItsLine() {
        do {
            _ = try series("up 1\n\n# a comment\na{b} 1\n")
            Issue.record("it was read")
        } catch let error as ExpositionError {
            #expect(error.line == 4)
            #expect("\(error)" == #"line 4: expected equal in "a{b} 1""#)
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func commentsThatOnlyLookLikeMetadataArePassedOver() throws {
        #expect(try series("#HELP\n# HELPER a\n# TYPES\n#\n# HELP\na 1\n") == ["__name__=a 1.0"])
    }

    @Test func escapesAreResolvedAndUnknownOnesStay() throws {
        #expect(try series(#"a{b="1\n2\\3\"4\t5"} 1"#) == ["__name__=a,b=1\n2\\3\"4\\t5 1.0"])
    }

    @Test func boundsOfBucketsAndQuantilesAreNormalised() throws {
        let page = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"1e6\"} 1\nh_bucket{le=\"+Inf\"} 1\n"
        #expect(
            try series(page) == [
                "__name__=h_bucket,le=1.0 1.0", "__name__=h_bucket,le=1e+06 1.0", "__name__=h_bucket,le=+Inf 1.0",
            ])
        #expect(try series("# TYPE s summary\ns{quantile=\"0\"} 1\n") == ["__name__=s,quantile=0.0 1.0"])
        #expect(try series("# TYPE g gauge\ng{le=\"1\"} 1\n") == ["__name__=g,le=1 1.0"])
    }

    @Test func valuesOfAllForms() throws {
        #expect(
            try series("a +Inf\nb -inf\nc NaN\nd 1e3\ne -0\nf .5\n")
                == [
                    "__name__=a inf", "__name__=b -inf", "__name__=c nan", "__name__=d 1000.0", "__name__=e -0.0",
                    "__name__=f 0.5",
                ])
    }

    @Test func aStaleMarkerCannotBeWritten() throws {
        let bytes = Array("a nan\n".utf8)
        var reader = ExpositionReader(bytes.span, isOpenMetrics: false)
        _ = try reader.next()
        let value = reader.value
        #expect(value.bitPattern == Double.nan.bitPattern && !StaleMarker.isStale(value))
    }

    @Test func timestampsOfOpenMetricsAreSeconds() throws {
        let page = "a 1 1.5\nb 1 -0.001\nc 1\n# EOF\n"
        #expect(
            try series(page, isOpenMetrics: true) == ["__name__=a 1.0 @1500", "__name__=b 1.0 @-1", "__name__=c 1.0"])
    }

    @Test func anExemplarHasLabelsValueAndTime() throws {
        let bytes = Array("a_total 1 2 # {t=\"x\"} 0.5 3\n# EOF\n".utf8)
        var reader = ExpositionReader(bytes.span, isOpenMetrics: true)
        _ = try reader.next()
        let found = reader.exemplar
        let exemplar = try #require(found)
        let labels = reader.exemplarLabels(exemplar)
        #expect(labels == Labels([("t", "x")]))
        #expect(exemplar.value == 0.5 && exemplar.timestampMs == 3000)
    }

    /// Random numbers in the forms of exporters read as the standard library reads them.
    @Test func numbersAreReadExactly() throws {
        var random = SeededGenerator.announced()
        for _ in 0..<200_000 {
            let text =
                switch Int.random(in: 0..<5, using: &random) {
                case 0: "\(Double(bitPattern: random.next() & 0x7fef_ffff_ffff_ffff))"
                case 1: "\(Int.random(in: -1_000_000...1_000_000, using: &random))"
                case 2: "\(Double.random(in: -1e3...1e3, using: &random))"
                case 3: "\(random.next()).\(UInt16.random(in: 0...999, using: &random))"
                default:
                    "\(UInt64.random(in: 0...UInt64.max, using: &random) >> 3)e\(Int.random(in: -30...30, using: &random))"
                }
            let bytes = Array((text + "\n").utf8)
            guard let (value, end) = FloatReading.decimal(bytes.span, from: 0) else { continue }
            #expect(value.bitPattern == Double(text)?.bitPattern && end == text.utf8.count, "\(text) \(random)")
        }
    }
}
