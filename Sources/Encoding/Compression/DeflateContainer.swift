import CZlib

/// What is around deflated data.
package enum DeflateContainer: CaseIterable, Sendable {
    /// RFC 1952: `Content-Encoding: gzip`, possibly several members in a row.
    case gzip
    /// RFC 1950: `Content-Encoding: deflate` as HTTP defines it.
    case zlib
    /// RFC 1951 alone: `Content-Encoding: deflate` as some clients send it.
    case bare

    /// How zlib is told; 15 is the largest window.
    var windowBits: Int32 {
        switch self {
        case .gzip: MAX_WBITS + 16
        case .zlib: MAX_WBITS
        case .bare: -MAX_WBITS
        }
    }

    var format: CompressionError.Format { self == .gzip ? .gzip : .deflate }
}
