/// Why a body cannot be compressed or decompressed.
package struct CompressionError: Error, Equatable {
    package enum Format: String, Sendable { case lz4, snappy, gzip, zstd }

    package enum Reason: Equatable, Sendable {
        case corrupt
        case truncated
        /// Bytes follow the end of the compressed data.
        case trailingBytes(Int)
        /// More than `limit` bytes would come out.
        case tooLarge(limit: Int)
        /// More than `ratioMax` bytes would come out for each that went in.
        case expandsTooMuch(ratioMax: Int)
        /// More bytes went in than the format can hold in one piece.
        case inputTooLarge(limit: Int)
        case outOfMemory
    }

    package let format: Format
    package let reason: Reason

    init(_ format: Format, _ reason: Reason) {
        self.format = format
        self.reason = reason
    }
}

extension CompressionError: CustomStringConvertible {
    package var description: String {
        let name = format.rawValue
        return switch reason {
        case .corrupt: "cannot decompress: the \(name) data is corrupt"
        case .truncated: "cannot decompress: the \(name) data ends too early"
        case .trailingBytes(let count): "cannot decompress: \(count) bytes follow the end of the \(name) data"
        case .tooLarge(let limit): "cannot decompress: the \(name) data holds more than the limit of \(limit) bytes"
        case .expandsTooMuch(let ratio):
            "cannot decompress: the \(name) data expands more than the limit of \(ratio) times"
        case .inputTooLarge(let limit):
            "cannot compress: the input is longer than the \(limit) bytes that \(name) takes"
        case .outOfMemory: "cannot make the \(name) codec: out of memory"
        }
    }
}
