/// A set of labels, sorted by name, in one byte buffer with its hash stored.
///
/// The buffer is a run of pairs: length of the name, name, length of the value, value; lengths are little-endian
/// base-128 varints. Equal sets have equal bytes, so comparing and hashing never look at single labels. A label with
/// an empty value is no label and is never stored.
package struct Labels: Sendable {
    package let bytes: [UInt8]
    /// `LabelHash` of `bytes`.
    package let hash: UInt64

    /// Takes bytes that are already in canonical form.
    package init(canonical bytes: [UInt8]) {
        self.bytes = bytes
        hash = LabelHash.of(bytes.span)
    }

    package init(canonical bytes: [UInt8], hash: UInt64) {
        self.bytes = bytes
        self.hash = hash
    }

    package init(_ pairs: [(name: String, value: String)]) {
        var builder = LabelsBuilder()
        for pair in pairs { builder.set(pair.name, pair.value) }
        self = builder.labels()
    }

    package static let empty = Labels(canonical: [])
    /// The label that holds a metric's name.
    package static let metricName = "__name__"

    package var isEmpty: Bool { bytes.isEmpty }

    /// The number of labels.
    package var count: Int {
        var cursor = LabelCursor()
        var count = 0
        while cursor.advance(in: bytes.span) { count += 1 }
        return count
    }

    /// The value of a label, or an empty string where the set has no such label.
    package subscript(name: String) -> String {
        guard let range = valueRange(of: Array(name.utf8).span) else { return "" }
        return String(decoding: bytes[range], as: UTF8.self)
    }

    /// Where in `bytes` the value of a label lies.
    package func valueRange(of name: Span<UInt8>) -> Range<Int>? {
        LabelCursor.valueRange(of: name, in: bytes.span)
    }

    /// The pairs as strings, in order of the names.
    package var pairs: [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        var cursor = LabelCursor()
        while cursor.advance(in: bytes.span) {
            pairs.append(
                (
                    String(decoding: bytes[cursor.name], as: UTF8.self),
                    String(decoding: bytes[cursor.value], as: UTF8.self)
                )
            )
        }
        return pairs
    }
}

extension Labels: Hashable {
    package static func == (a: Labels, b: Labels) -> Bool { a.hash == b.hash && a.bytes == b.bytes }
    package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// Prometheus' order: label by label, first by name, then by value, bytewise; a prefix comes first.
extension Labels: Comparable {
    package static func < (a: Labels, b: Labels) -> Bool {
        LabelCursor.order(a.bytes.span, b.bytes.span) < 0
    }
}
