import TestSupport
import Testing

@testable import Telemetry

@Suite struct SpanTests {
    private let registry = Registry()
    private let parent = TraceContext(
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "a=1")!

    private func span(_ context: TraceContext, failure: String? = nil) -> TraceSpan {
        TraceSpan(
            "GET /é", context, parentID: parent.spanID, kind: .server, startNs: 1_767_225_600_000_000_001,
            endNs: 1_767_225_601_000_000_002,
            attributes: ["text": "x", "flag": true, "count": -3, "ratio": 0.5, "took": .nanoseconds(1_500_000_000)],
            failure: failure)
    }

    /// Read by the classes that protoc made of OpenTelemetry's own definitions.
    @Test(.enabled(if: Peer.exists(pythonModule: "opentelemetry.proto"), "scripts/test installs opentelemetry-proto"))
    func openTelemetrysOwnClassesReadTheRequest() throws {
        let script = """
            import sys
            from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
            request = ExportTraceServiceRequest.FromString(sys.stdin.buffer.read())
            for resource in request.resource_spans:
                print([(a.key, a.value.string_value) for a in resource.resource.attributes])
                for scope in resource.scope_spans:
                    print(scope.scope.name, len(scope.spans))
                    for s in scope.spans:
                        print(s.trace_id.hex(), s.span_id.hex(), s.parent_span_id.hex(), s.trace_state, s.name, s.kind)
                        print(s.start_time_unix_nano, s.end_time_unix_nano, s.status.code, s.status.message)
                        print([(a.key, getattr(a.value, a.value.WhichOneof("value"))) for a in s.attributes])
            """
        let buffer = SpanBuffer(service: "collector", registry: registry)
        let context = parent.child()
        buffer.add(span(context))
        buffer.add(span(context, failure: "disk full"))
        let request = try #require(buffer.take())
        #expect(request.spans == 2)
        let answer = try Peer.python(script).run(input: request.body)
        let ids = "0af7651916cd43dd8448eb211c80319c \(context.spanIDText) b7ad6b7169203331 a=1 GET /é 2"
        let times = "1767225600000000001 1767225601000000002"
        let attributes = "[('text', 'x'), ('flag', True), ('count', -3), ('ratio', 0.5), ('took', 1.5)]"
        #expect(
            answer.output == """
                [('service.name', 'collector')]
                obs 2
                \(ids)
                \(times) 0 \n\(attributes)
                \(ids)
                \(times) 2 disk full
                \(attributes)

                """)
    }

    @Test func onlySampledSpansAreKeptAndOnlyOnce() {
        let buffer = SpanBuffer(service: "collector", registry: registry)
        buffer.add(span(TraceContext(sampleRatio: 0)))
        #expect(buffer.take()?.spans == nil)
        buffer.add(span(parent.child()))
        #expect(buffer.take()?.spans == 1)
        #expect(buffer.take()?.spans == nil)
    }

    @Test func whatWaitsIsBoundedAndTheRestCounted() {
        let buffer = SpanBuffer(service: "collector", registry: registry)
        let long = String(repeating: "x", count: 100_000)
        for _ in 0..<15 {
            buffer.add(span(parent.child(), failure: long))
        }
        #expect(buffer.take()?.spans == 10)
        #expect(registry.counter("obs_trace_spans_dropped_total", "").total == 5)
    }
}
