import Encoding
import Glibc
import Posix

/// What a command reads much from: a file or standard input, decompressed where it begins as gzip does.
struct InputFile: ~Copyable {
    private static let pieceBytes = 1 << 20
    /// Of a piece: more than any honest file expands to.
    private static let expansionMax = 1100

    let path: String
    /// Bytes of the file; nil for standard input.
    let bytes: Int?
    private let opened: Opened
    private var buffer = [UInt8](repeating: 0, count: pieceBytes)
    private var decompressor: GzipReader?
    private var isAtStart = true

    /// - Parameter path: `-` for standard input.
    static func open(_ path: String) throws -> InputFile {
        let opened = try Opened(path)
        let bytes = path == "-" ? nil : try LocalFileSystem().status(at: path)?.bytes
        return InputFile(path == "-" ? "standard input" : path, bytes: bytes, opened)
    }

    private init(_ path: String, bytes: Int?, _ opened: Opened) {
        (self.path, self.bytes, self.opened) = (path, bytes, opened)
        decompressor = nil
    }

    /// A descriptor that is closed with its owner; not that of standard input.
    private final class Opened {
        let descriptor: Int32

        init(_ path: String) throws(SystemError) {
            descriptor = path == "-" ? STDIN_FILENO : unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw SystemError(call: "open", on: path, code: errno) }
        }

        deinit { if descriptor > STDIN_FILENO { close(descriptor) } }
    }

    /// Appends the next piece to `output`.
    ///
    /// - Returns: how many bytes of the file that took; 0 at its end.
    mutating func read(into output: inout [UInt8]) throws -> Int {
        let count = try fill()
        if isAtStart {
            isAtStart = false
            if count >= 2, buffer[0] == 0x1f, buffer[1] == 0x8b {
                decompressor = try GzipReader(
                    limit: ExpansionLimit(bytesMax: .max / 4, ratioMax: Self.expansionMax))
            }
        }
        var piece: [UInt8] = []
        swap(&piece, &buffer)
        defer { swap(&piece, &buffer) }
        guard decompressor != nil else {
            output.append(piece.span.extracting(first: count))
            return count
        }
        do throws(CompressionError) {
            if count == 0 {
                try decompressor?.finish()
            } else {
                try decompressor?.read(piece.span.extracting(first: count), appendingTo: &output)
            }
        } catch {
            throw ServerFailure("\(path) cannot be decompressed: \(error)")
        }
        return count
    }

    private mutating func fill() throws(SystemError) -> Int {
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(opened.descriptor, bytes.baseAddress, bytes.count)
            }
            if count >= 0 { return count }
            guard errno == EINTR else { throw SystemError(call: "read", on: path, code: errno) }
        }
    }
}
