import Encoding
import Model

/// Turns the label fields of a series on the wire into canonical labels, and says what is wrong with those that are
/// none.
package struct WireLabels: Sendable {
    package enum Flaw: Error, Equatable {
        case noMetricName
        case emptyLabelName
        case invalidUTF8(label: String)
        case repeated
        case malformed(String)
    }

    private var builder = LabelsBuilder()

    package init() {}

    /// Appends the canonical bytes of the label fields in `fields` (other fields are passed over) to `bytes`; returns
    /// where they lie. Nothing is appended where the labels are flawed.
    package mutating func write(_ fields: Span<UInt8>, into bytes: inout [UInt8]) throws(Flaw) -> Range<Int> {
        builder.removeAll()
        do throws(DecodeError) {
            try collect(fields)
        } catch {
            throw .malformed("\(error)")
        }
        if let flaw { throw flaw }
        guard hasMetricName else { throw .noMetricName }
        let start = bytes.count
        guard builder.write(into: &bytes) else { throw .repeated }
        return start..<bytes.count
    }

    private var flaw: Flaw?
    private var hasMetricName = false

    private mutating func collect(_ fields: Span<UInt8>) throws(DecodeError) {
        flaw = nil
        hasMetricName = false
        var message = ProtobufReader(fields)
        while let tag = try message.nextTag() {
            guard tag == .bytes(1) else {
                try message.skip(tag)
                continue
            }
            var label = try message.readMessage()
            var name = Span<UInt8>()
            var value = Span<UInt8>()
            while let part = try label.nextTag() {
                switch part {
                case .bytes(1): name = try label.readBytes()
                case .bytes(2): value = try label.readBytes()
                default: try label.skip(part)
                }
            }
            check(name, value)
            builder.append(name, value)
        }
    }

    private mutating func check(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        if name.isEmpty {
            flaw = .emptyLabelName
        } else if !UTF8Check.isValid(name) || !UTF8Check.isValid(value) {
            flaw = .invalidUTF8(label: Quoted.bytes(name.indices.map { name[$0] }))
        } else if !value.isEmpty,
            LabelCursor.compare(name, 0..<name.count, Self.metricName.span, 0..<Self.metricName.count) == 0
        {
            hasMetricName = true
        }
    }

    private static let metricName = Array(Labels.metricName.utf8)
}

extension WireLabels.Flaw: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noMetricName: "the series has no label __name__"
        case .emptyLabelName: "a label has an empty name"
        case .invalidUTF8(let label): "the label \(label) is not valid UTF-8"
        case .repeated: "a label name occurs twice"
        case .malformed(let reason): reason
        }
    }
}
