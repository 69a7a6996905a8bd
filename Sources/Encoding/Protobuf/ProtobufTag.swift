/// The number of a field together with how it is written, as on the wire: `switch` on whole tags, so that a field of
/// another type than expected falls to the `default` and is skipped as an unknown one.
@usableFromInline
package struct ProtobufTag: Equatable, Sendable {
    @usableFromInline package let raw: UInt32

    @inlinable @inline(__always)
    init(unchecked raw: UInt32) { self.raw = raw }

    @inlinable @inline(__always)
    package static func varint(_ number: UInt32) -> Self { Self(unchecked: number &<< 3) }
    @inlinable @inline(__always)
    package static func fixed64(_ number: UInt32) -> Self { Self(unchecked: number &<< 3 | 1) }
    /// A string, bytes, a message or a packed array.
    @inlinable @inline(__always)
    package static func bytes(_ number: UInt32) -> Self { Self(unchecked: number &<< 3 | 2) }
    @inlinable @inline(__always)
    package static func fixed32(_ number: UInt32) -> Self { Self(unchecked: number &<< 3 | 5) }

    @inlinable @inline(__always)
    package var number: UInt32 { raw &>> 3 }
}
