import Encoding

extension FuzzedDecoder {
    /// The first byte chooses the container and how the stream is cut; bodies and streams may not disagree.
    static let gzip = FuzzedDecoder("gzip") { input in
        guard input.count > 0 else { return }
        let container = DeflateContainer.allCases[Int(input[0]) % DeflateContainer.allCases.count]
        let step = 1 + Int(input[0]) / DeflateContainer.allCases.count * 7
        let body = input.extracting(droppingFirst: 1)
        let limit = ExpansionLimit(bytesMax: 1 << 16, ratioMax: 1000)
        let whole = decompressed { output throws(CompressionError) in
            var decompressor = try GzipBodyDecompressor()
            try decompressor.decompress(body, container, limit: limit, appendingTo: &output)
        }
        let streamed = decompressed { output throws(CompressionError) in
            var reader = try GzipReader(container, limit: limit)
            var rest = body
            while rest.count > 0 {
                try reader.read(rest.extracting(first: min(step, rest.count)), appendingTo: &output)
                rest = rest.extracting(droppingFirst: min(step, rest.count))
            }
            try reader.finish()
        }
        // One of the libraries may be the stricter one; where both accept, they agree.
        if let whole, let streamed { check(whole == streamed, "a body and a stream of the same bytes differ") }
    }

    private static func decompressed(
        _ decompress: (inout [UInt8]) throws(CompressionError) -> Void
    ) -> [UInt8]? {
        var output: [UInt8] = []
        do throws(CompressionError) {
            try decompress(&output)
        } catch {
            // The stream may have gone beyond its limit by the one byte that shows it.
            check(output.count <= 1 << 16 + 1, "\(output.count) bytes came out in spite of the limit")
            return nil
        }
        check(output.count <= 1 << 16, "\(output.count) bytes came out in spite of the limit")
        return output
    }
}
