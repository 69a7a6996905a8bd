import Encoding

extension FuzzedDecoder {
    /// Two bytes for the count and one for the width, then the bits.
    static let bitPacking = FuzzedDecoder("bitpacking") { input in
        guard input.count >= 3 else { return }
        let count = Int(input[0]) | Int(input[1]) << 8
        let width = Int(input[2])
        let bytes = input.extracting(droppingFirst: 3)
        var values: [UInt64] = []
        do throws(DecodeError) {
            let used = try BitPacking.unpack(bytes, count: count, width: width, appendingTo: &values)
            check(values.count == count && width <= 64, "\(values.count) values of \(width) bits instead of \(count)")
            check(BitPacking.width(of: values.span) <= width, "a value is wider than \(width) bits")
            var packed: [UInt8] = []
            BitPacking.pack(values.span, width: width, appendingTo: &packed)
            var expected = bytes.extracting(first: used).array
            if let last = expected.popLast() {
                let bitsInLast = count * width - expected.count * 8
                expected.append(last & UInt8(truncatingIfNeeded: 1 << bitsInLast - 1))
            }
            check(packed == expected, "values are not packed as they came")
        } catch {
            check(values.isEmpty, "an error leaves values behind")
        }
    }
}
