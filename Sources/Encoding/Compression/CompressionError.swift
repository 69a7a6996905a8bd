/// Why a body cannot be compressed or decompressed.
package struct CompressionError: Error, Equatable {
    package enum Format: String, Sendable { case lz4, snappy, gzip, deflate, zstd }

    package enum Reason: Equatable, Sendable {
        case corrupt
        case truncated
        /// More than `bytesMax` bytes would come out.
        case tooLarge(bytesMax: Int)
        /// More than `ratioMax` bytes would come out for each that went in.
        case expandsTooMuch(ratioMax: Int)
        /// More bytes went in than the format takes in one piece.
        case inputTooLarge(bytesMax: Int)
        case outOfMemory
    }

    package let format: Format
    package let reason: Reason

    package init(_ format: Format, _ reason: Reason) {
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
        case .tooLarge(let limit): "cannot decompress: the \(name) data holds more than the limit of \(limit) bytes"
        case .expandsTooMuch(let ratio):
            "cannot decompress: the \(name) data expands to more than the limit of \(ratio) times its size"
        case .inputTooLarge(let limit):
            "cannot compress: the input is longer than the \(limit) bytes that \(name) takes"
        case .outOfMemory: "cannot make a \(name) codec: out of memory"
        }
    }
}
