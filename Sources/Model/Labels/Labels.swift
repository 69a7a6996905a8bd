/// A set of labels, sorted by name, in one byte buffer with its hash stored.
///
/// The buffer is a run of pairs: length of the name, name, length of the value, value; lengths are little-endian
/// base-128 varints. Equal sets have equal bytes, so comparing and hashing never look at single labels. A label with
/// an empty value is no label and is never stored.
package struct Labels: Sendable {
    package let bytes: [UInt8]
    /// `LabelHash` of `bytes`; the same in every process of one version, so it may be stored on disk.
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

    package static let empty = Labels(canonical: [])
}

extension Labels: Hashable {
    package static func == (a: Labels, b: Labels) -> Bool { a.hash == b.hash && a.bytes == b.bytes }
    package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}
