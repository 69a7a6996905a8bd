import Encoding

/// The hash of canonical label bytes. It is stored on disk, so it never changes within a format version.
package enum LabelHash {
    package static func of(_ bytes: Span<UInt8>) -> UInt64 { Hash64.of(bytes) }
}
