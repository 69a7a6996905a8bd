import Encoding

/// Turns the label fields of a series on the wire into canonical labels, and says what is wrong with those that are
/// none.
package struct WireLabels: Sendable {
    private var labels = CheckedLabels()

    package init() {}

    /// Appends the canonical bytes of the label fields in `fields` (other fields are passed over) to `bytes`; returns
    /// where they lie. Nothing is appended where the labels are flawed.
    package mutating func write(_ fields: Span<UInt8>, into bytes: inout [UInt8]) throws(LabelFlaw) -> Range<Int> {
        labels.removeAll()
        do throws(DecodeError) {
            try collect(fields)
        } catch {
            throw labels.refusal(.malformed("\(error)"))
        }
        return try labels.write(into: &bytes)
    }

    private mutating func collect(_ fields: Span<UInt8>) throws(DecodeError) {
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
            labels.append(name, value)
        }
    }
}
