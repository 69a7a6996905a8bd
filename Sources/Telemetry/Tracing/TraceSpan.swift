import Encoding

/// One finished operation of a trace. (`Span` is a type of the standard library.)
package struct TraceSpan: Sendable {
    package enum Kind: UInt64, Sendable {
        case `internal` = 1
        case server = 2
        case client = 3
    }

    package let context: TraceContext
    /// The span that this one is part of; nil for the first of a trace.
    package let parentID: UInt64?
    package let name: String
    package let kind: Kind
    /// Both by the wall clock.
    package let startNs: Int64
    package let endNs: Int64
    package let attributes: LogFields
    /// Why it failed; nil if it did not.
    package let failure: String?

    package init(
        _ name: String, _ context: TraceContext, parentID: UInt64?, kind: Kind, startNs: Int64, endNs: Int64,
        attributes: LogFields = [:], failure: String? = nil
    ) {
        self.context = context
        self.parentID = parentID
        self.name = name
        self.kind = kind
        self.startNs = startNs
        self.endNs = endNs
        self.attributes = attributes
        self.failure = failure
    }

    /// Appends the span as field 2 of OTLP's ScopeSpans (opentelemetry-proto, trace/v1).
    func append(to writer: inout ProtobufWriter) {
        writer.message(2) { span in
            span.bytes(1, Self.bigEndian(context.traceHigh, context.traceLow).span)
            span.bytes(2, Self.bigEndian(context.spanID).span)
            if !context.state.isEmpty { span.string(3, context.state) }
            if let parentID { span.bytes(4, Self.bigEndian(parentID).span) }
            span.string(5, name)
            span.varint(6, kind.rawValue)
            span.fixed64(7, UInt64(bitPattern: startNs))
            span.fixed64(8, UInt64(bitPattern: endNs))
            for (name, value) in attributes.pairs { value.append(to: &span, field: 9, name: name.description) }
            guard let failure else { return }
            span.message(15) { status in
                status.string(2, failure)
                status.varint(3, 2)
            }
        }
    }

    private static func bigEndian(_ words: UInt64...) -> [UInt8] {
        var bytes: [UInt8] = []
        for word in words { bytes.appendBigEndian(word) }
        return bytes
    }
}

extension LogValue {
    /// Appends a KeyValue of OTLP (common/v1).
    func append(to writer: inout ProtobufWriter, field: UInt32, name: String) {
        writer.message(field) { pair in
            pair.string(1, name)
            pair.message(2) { value in
                switch self {
                case .text(let text): value.string(1, text)
                case .flag(let flag): value.varint(2, flag ? 1 : 0)
                case .integer(let integer): value.int64(3, Int64(integer))
                case .number(let number): value.double(4, number)
                case .nanoseconds(let ns): value.double(4, Double(ns) / 1_000_000_000)
                }
            }
        }
    }
}
