import Encoding
import Posix

extension FuzzedDecoder {
    /// The first two bytes are the length that the owner of the block believes in.
    static let zstandard = FuzzedDecoder("zstandard") { input in
        guard input.count >= 2 else { return }
        let count = Int(input[0]) | Int(input[1]) << 8
        var output: [UInt8] = []
        do throws(CompressionError) {
            try zstandardState.withLock { state throws(CompressionError) in
                try state.decompress(input.extracting(droppingFirst: 2), count: count, appendingTo: &output)
            }
        } catch {
            check(output.isEmpty, "an error leaves bytes behind")
            return
        }
        check(output.count == count, "\(output.count) bytes of \(count) came out")
    }

    /// Used again for each input, whatever the one before left in it.
    private static let zstandardState = Lock(makeZstandardState())

    private static func makeZstandardState() -> ZstandardDecompressor {
        do { return try ZstandardDecompressor() } catch { fatalError("\(error)") }
    }
}
