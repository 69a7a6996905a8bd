import Encoding
import Posix

extension FuzzedDecoder {
    /// The first byte chooses the container and how the stream is cut; bodies and streams may not disagree. The states are
    /// used again for each input, as a server does, whatever the one before left in them.
    static let gzip = FuzzedDecoder("gzip") { input in
        guard input.count > 0 else { return }
        let container = Int(input[0]) % DeflateContainer.allCases.count
        let step = 1 + Int(input[0]) / DeflateContainer.allCases.count * 7
        let body = input.extracting(droppingFirst: 1)
        let (whole, streamed) = gzipStates.withLock { states in
            let whole = decompressed { output throws(CompressionError) in
                try states.body.decompress(
                    body, DeflateContainer.allCases[container], limit: gzipLimit, appendingTo: &output)
            }
            let streamed = decompressed { output throws(CompressionError) in
                try states.stream(of: container, body, step: step, &output)
            }
            return (whole, streamed)
        }
        // One of the libraries may be the stricter one; where both accept, they agree.
        if let whole, let streamed { check(whole == streamed, "a body and a stream of the same bytes differ") }
    }

    private static let gzipLimit = ExpansionLimit(bytesMax: 1 << 12, ratioMax: 1000)
    private static let gzipStates = Lock(GzipStates())

    private struct GzipStates: ~Copyable {
        var body: GzipBodyDecompressor
        var readers: InlineArray<3, GzipReader>

        init() {
            do {
                body = try GzipBodyDecompressor()
                readers = try InlineArray { place throws(CompressionError) in
                    try GzipReader(DeflateContainer.allCases[place], limit: gzipLimit)
                }
            } catch {
                fatalError("\(error)")
            }
        }

        mutating func stream(
            of container: Int, _ body: Span<UInt8>, step: Int, _ output: inout [UInt8]
        ) throws(CompressionError) {
            var rest = body
            do {
                while rest.count > 0 {
                    try readers[container].read(rest.extracting(first: min(step, rest.count)), appendingTo: &output)
                    rest = rest.extracting(droppingFirst: min(step, rest.count))
                }
            } catch {
                try? readers[container].finish()  // the first error is the one that counts
                throw error
            }
            try readers[container].finish()
        }
    }

    private static func decompressed(
        _ decompress: (inout [UInt8]) throws(CompressionError) -> Void
    ) -> [UInt8]? {
        var output: [UInt8] = []
        do throws(CompressionError) {
            try decompress(&output)
        } catch {
            // The stream may have gone beyond its limit by the one byte that shows it.
            check(output.count <= gzipLimit.bytesMax + 1, "\(output.count) bytes came out in spite of the limit")
            return nil
        }
        check(output.count <= gzipLimit.bytesMax, "\(output.count) bytes came out in spite of the limit")
        return output
    }
}
