import Encoding

/// A chunk of samples in Prometheus' XOR encoding: times as differences of differences, values as what differs in their
/// bits.
struct FloatChunk {
    /// As many as Prometheus puts into one.
    static let samplesMax = 120
    /// `Chunk.Encoding` on the wire.
    static let encoding: UInt64 = 1

    private var writer = BitWriter(header: [0, 0])
    private(set) var count = 0
    private(set) var firstMs: Int64 = 0
    private(set) var lastMs: Int64 = 0
    private var lastBits: UInt64 = 0
    private var delta: Int64 = 0
    /// Zero bits around what differed last; nil before anything did.
    private var window: (leading: Int, trailing: Int)?

    var isFull: Bool { count == Self.samplesMax }
    var bytes: [UInt8] { writer.bytes }

    mutating func append(_ timeMs: Int64, _ value: Double) {
        switch count {
        case 0:
            firstMs = timeMs
            writer.varint(ZigZag.encode(timeMs))
            writer.bits(value.bitPattern, 64)
        case 1:
            delta = timeMs - lastMs
            writer.varint(UInt64(bitPattern: delta))
            append(value.bitPattern)
        default:
            let newDelta = timeMs - lastMs
            append(change: newDelta - delta)
            delta = newDelta
            append(value.bitPattern)
        }
        lastMs = timeMs
        lastBits = value.bitPattern
        count += 1
        writer.replaceCount(count)
    }

    private mutating func append(change: Int64) {
        func fits(_ bits: Int) -> Bool { change >= -(1 << (bits - 1) - 1) && change <= 1 << (bits - 1) }
        if change == 0 { return writer.bit(false) }
        let (prefix, prefixBits, bits) =
            fits(14) ? (0b10, 2, 14) : fits(17) ? (0b110, 3, 17) : fits(20) ? (0b1110, 4, 20) : (0b1111, 4, 64)
        writer.bits(UInt64(prefix), prefixBits)
        writer.bits(UInt64(bitPattern: change), bits)
    }

    private mutating func append(_ valueBits: UInt64) {
        let difference = valueBits ^ lastBits
        if difference == 0 { return writer.bit(false) }
        writer.bit(true)
        // Five bits tell the zeros in front.
        let leading = min(difference.leadingZeroBitCount, 31)
        let trailing = difference.trailingZeroBitCount
        if let window, leading >= window.leading, trailing >= window.trailing {
            writer.bit(false)
            return writer.bits(difference >> UInt64(window.trailing), 64 - window.leading - window.trailing)
        }
        window = (leading, trailing)
        let significant = 64 - leading - trailing
        writer.bit(true)
        writer.bits(UInt64(leading), 5)
        // 64 significant bits are written as 0.
        writer.bits(UInt64(significant & 63), 6)
        writer.bits(difference >> UInt64(trailing), significant)
    }
}
