import Encoding

extension FuzzedDecoder {
    /// The first two bytes are the length that the owner of the block believes in.
    static let lz4 = FuzzedDecoder("lz4") { input in
        guard input.count >= 2 else { return }
        let count = Int(input[0]) | Int(input[1]) << 8
        var output: [UInt8] = []
        do {
            try LZ4.decompress(input.extracting(droppingFirst: 2), count: count, appendingTo: &output)
        } catch {
            check(output.isEmpty, "an error leaves bytes behind")
            return
        }
        check(output.count == count, "\(output.count) bytes of \(count) came out")
        do {
            var compressor = LZ4Compressor()
            var block: [UInt8] = []
            try compressor.compress(output.span, appendingTo: &block)
            var again: [UInt8] = []
            try LZ4.decompress(block.span, count: count, appendingTo: &again)
            check(again == output, "a block is not read back")
        } catch {
            fatalError("a block of our own is refused: \(error)")
        }
    }
}
