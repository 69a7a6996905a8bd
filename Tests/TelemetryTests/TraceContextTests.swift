import Testing

@testable import Telemetry

@Suite struct TraceContextTests {
    private static let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    /// The example of the W3C recommendation.
    @Test func readsAndWritesTheExampleOfTheStandard() throws {
        let trace = try #require(TraceContext(traceparent: Self.parent, tracestate: "rojo=00f067aa0ba902b7"))
        #expect(trace.traceIDText == "0af7651916cd43dd8448eb211c80319c")
        #expect(trace.spanIDText == "b7ad6b7169203331")
        #expect(trace.isSampled)
        #expect(trace.state == "rojo=00f067aa0ba902b7")
        #expect(trace.traceparent == Self.parent)
    }

    @Test(arguments: [
        "", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-extra",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01extra",
        "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
        "0g-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333é-01",
    ])
    func aParentThatBreaksTheStandardIsNoParent(header: String) {
        #expect(TraceContext(traceparent: header) == nil)
    }

    @Test func aLaterVersionIsReadByItsFirstFields() throws {
        let trace = try #require(TraceContext(traceparent: "cc" + Self.parent.dropFirst(2) + "-what-comes"))
        #expect(trace.traceparent == Self.parent)
    }

    @Test func onlyTheSampledBitOfTheFlagsCounts() throws {
        let unsampled = try #require(TraceContext(traceparent: String(Self.parent.dropLast(2)) + "fe"))
        #expect(!unsampled.isSampled)
        let sampled = try #require(TraceContext(traceparent: String(Self.parent.dropLast(2)) + "ff"))
        #expect(sampled.isSampled)
    }

    @Test(
        arguments: [
            ("a=1,b=2", "a=1,b=2"), (" a=1 ,, b=2\t", "a=1,b=2"), ("tenant@system=x y", "tenant@system=x y"),
            ("a=1,a=2", ""), ("A=1", ""), ("a", ""), ("a=", ""), ("a=b=c", ""), ("a@b@c=1", ""), ("a=é", ""),
            ((0..<33).map { "k\($0)=v" }.joined(separator: ","), ""),
            ("k=" + String(repeating: "v", count: 257), ""), ("k=" + String(repeating: "v", count: 256), nil),
        ] as [(String, String?)])
    func aStateIsKeptWholeOrDropped(state: String, kept: String?) throws {
        let trace = try #require(TraceContext(traceparent: Self.parent, tracestate: state))
        #expect(trace.state == kept ?? state)
    }

    @Test func aChildKeepsTheTraceAndHasASpanOfItsOwn() throws {
        let parent = try #require(TraceContext(traceparent: Self.parent, tracestate: "a=1"))
        let child = parent.child()
        #expect(child.traceIDText == parent.traceIDText)
        #expect(child.spanID != parent.spanID && child.spanID != 0)
        #expect(child.isSampled && child.state == "a=1")
    }

    @Test func theRatioDecidesHowManyTracesAreSampled() {
        let sampled = (0..<4_000).count { _ in TraceContext(sampleRatio: 0.25).isSampled }
        // 1,000 expected with a deviation of 27: ten deviations never happen.
        #expect((730...1_270).contains(sampled))
        #expect(!TraceContext(sampleRatio: 0).isSampled)
        #expect(TraceContext(sampleRatio: 1).isSampled)
    }
}
