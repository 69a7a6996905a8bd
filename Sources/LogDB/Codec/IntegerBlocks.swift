import Encoding

/// Runs of integers: 128 at a time as offsets from the least of them, or as differences from one to the next where those
/// take fewer bits, each packed to the width that its run needs. A run of equal values takes its base alone.
enum IntegerBlocks {
    static let runCount = 128
    private static let isDifferences: UInt8 = 0x80

    static func encode(_ values: [Int64], to bytes: inout [UInt8]) {
        var residuals: [UInt64] = []
        residuals.reserveCapacity(runCount)
        var start = 0
        while start < values.count {
            let end = min(start + runCount, values.count)
            encodeRun(values, start, end, &residuals, to: &bytes)
            start = end
        }
    }

    private static func encodeRun(
        _ values: [Int64], _ start: Int, _ end: Int, _ residuals: inout [UInt64], to bytes: inout [UInt8]
    ) {
        var (least, most) = (values[start], values[start])
        var (leastStep, mostStep) = (Int64.max, Int64.min)
        for index in (start + 1)..<max(end, start + 1) {
            let value = values[index]
            least = min(least, value)
            most = max(most, value)
            let step = value &- values[index - 1]
            leastStep = min(leastStep, step)
            mostStep = max(mostStep, step)
        }
        let width = bits(most &- least)
        let stepWidth = end - start > 1 ? bits(mostStep &- leastStep) : 64
        residuals.removeAll(keepingCapacity: true)
        if stepWidth + 4 < width {
            bytes.append(UInt8(stepWidth) | isDifferences)
            bytes.appendZigZag(values[start])
            bytes.appendZigZag(leastStep)
            for index in (start + 1)..<end {
                residuals.append(UInt64(bitPattern: values[index] &- values[index - 1] &- leastStep))
            }
            BitPacking.pack(residuals.span, width: stepWidth, appendingTo: &bytes)
        } else {
            bytes.append(UInt8(width))
            bytes.appendZigZag(least)
            for index in start..<end { residuals.append(UInt64(bitPattern: values[index] &- least)) }
            BitPacking.pack(residuals.span, width: width, appendingTo: &bytes)
        }
    }

    /// Of a difference that is not negative, or has wrapped around.
    private static func bits(_ value: Int64) -> Int { 64 - UInt64(bitPattern: value).leadingZeroBitCount }

    /// Reads `count` values.
    static func decode(_ reader: inout ByteReader, count: Int) throws(DecodeError) -> [Int64] {
        var values: [Int64] = []
        values.reserveCapacity(count)
        var residuals: [UInt64] = []
        while values.count < count {
            let wanted = min(runCount, count - values.count)
            let tag = try reader.readByte()
            let width = Int(tag & 0x7f)
            guard width <= BitPacking.widthMax else { throw DecodeError(.invalidBitWidth(width), at: reader.offset) }
            residuals.removeAll(keepingCapacity: true)
            let base = try reader.readZigZag()
            if tag & isDifferences != 0 {
                let step = try reader.readZigZag()
                try unpack(&reader, wanted - 1, width, &residuals)
                var value = base
                values.append(value)
                for residual in residuals {
                    value = value &+ step &+ Int64(bitPattern: residual)
                    values.append(value)
                }
            } else {
                try unpack(&reader, wanted, width, &residuals)
                for residual in residuals { values.append(base &+ Int64(bitPattern: residual)) }
            }
        }
        return values
    }

    private static func unpack(
        _ reader: inout ByteReader, _ count: Int, _ width: Int, _ residuals: inout [UInt64]
    ) throws(DecodeError) {
        let bytes = try reader.readBytes(BitPacking.byteCount(of: count, width: width))
        _ = try BitPacking.unpack(bytes, count: count, width: width, appendingTo: &residuals)
    }
}
