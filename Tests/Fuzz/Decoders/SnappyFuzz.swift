import Encoding

extension FuzzedDecoder {
    static let snappy = FuzzedDecoder("snappy") { input in
        var output: [UInt8] = []
        let count: Int
        do {
            count = try Snappy.decompress(input, bytesMax: 1 << 14, appendingTo: &output)
        } catch {
            check(output.isEmpty, "an error leaves bytes behind")
            return
        }
        check(count == output.count && count <= 1 << 14, "\(output.count) bytes of \(count) came out")
        do {
            var block: [UInt8] = []
            try Snappy.compress(output.span, appendingTo: &block)
            var again: [UInt8] = []
            try Snappy.decompress(block.span, bytesMax: count, appendingTo: &again)
            check(again == output, "a block is not read back")
        } catch {
            fatalError("a block of our own is refused: \(error)")
        }
    }
}
