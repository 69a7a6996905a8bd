import Encoding

/// Appending pieces of bytes that a class or an array owns, whose spans may not be named outside of a call.
extension [UInt8] {
    @inline(__always)
    mutating func append(_ other: [UInt8], in range: Range<Int>) { append(other.span.extracting(range)) }

    @inline(__always)
    mutating func append(all other: [UInt8]) { append(other.span) }
}

extension ByteSearch {
    @inline(__always)
    static func equal(_ a: [UInt8], to b: Span<UInt8>) -> Bool { equal(a.span, b) }
}
