import Encoding
import Posix

/// Finished spans until somebody posts them: kept as the bytes of an OTLP request.
package final class SpanBuffer: Sendable {
    /// Beyond this many bytes further spans are dropped and counted, until what is there is taken.
    package static let bytesMax = 1 << 20

    private struct State {
        var spans: [UInt8] = []
        var count = 0
    }

    private let service: String
    private let state = Lock(State())
    private let finished: Counter
    private let dropped: Counter

    /// - Parameter service: the `service.name` of the resource.
    package init(service: String, registry: Registry) {
        self.service = service
        finished = registry.counter("obs_trace_spans_total", "Sampled spans that were finished.")
        dropped = registry.counter(
            "obs_trace_spans_dropped_total", "Finished spans that were dropped because too many waited to be sent.")
    }

    /// Keeps the span if its trace is sampled.
    package func add(_ span: TraceSpan) {
        guard span.context.isSampled else { return }
        finished.add()
        var writer = ProtobufWriter()
        span.append(to: &writer)
        let bytes = writer.bytes
        let isKept = state.withLock { state in
            guard state.spans.count + bytes.count <= Self.bytesMax else { return false }
            state.spans += bytes
            state.count += 1
            return true
        }
        if !isKept { dropped.add() }
    }

    /// The body of an OTLP/HTTP request (`ExportTraceServiceRequest`) with all spans that wait; nil if there are none.
    package func take() -> (body: [UInt8], spans: Int)? {
        let (spans, count) = state.withLock { state in
            defer { state = State() }
            return (state.spans, state.count)
        }
        guard count > 0 else { return nil }
        var writer = ProtobufWriter()
        writer.message(1) { resourceSpans in
            resourceSpans.message(1) { resource in
                LogValue.text(service).append(to: &resource, field: 1, name: "service.name")
            }
            resourceSpans.message(2) { scopeSpans in
                scopeSpans.message(1) { scope in scope.string(1, "obs") }
                scopeSpans.bytes += spans
            }
        }
        return (writer.bytes, count)
    }
}
