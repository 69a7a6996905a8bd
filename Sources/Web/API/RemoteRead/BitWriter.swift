/// Bits from the highest of each byte on, as Prometheus' chunks have them.
struct BitWriter {
    private(set) var bytes: [UInt8]
    /// Bits of the last byte that are still free.
    private var free = 0

    /// - Parameter header: whole bytes before the bits.
    init(header: [UInt8]) { bytes = header }

    mutating func bit(_ isOne: Bool) { bits(isOne ? 1 : 0, 1) }

    /// The lowest `count` bits of a value.
    mutating func bits(_ value: UInt64, _ count: Int) {
        var left = count
        while left > 0 {
            if free == 0 {
                bytes.append(0)
                free = 8
            }
            let taken = min(left, free)
            let part = UInt8(truncatingIfNeeded: value >> UInt64(left - taken) & (1 << UInt64(taken) - 1))
            bytes[bytes.count - 1] |= part << UInt8(free - taken)
            free -= taken
            left -= taken
        }
    }

    /// Seven bits of a byte each, from the lowest on.
    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bits(rest & 0x7f | 0x80, 8)
            rest >>= 7
        }
        bits(rest, 8)
    }

    mutating func replaceCount(_ count: Int) {
        bytes[0] = UInt8(truncatingIfNeeded: count >> 8)
        bytes[1] = UInt8(truncatingIfNeeded: count)
    }

    /// Sizes of a number behind one, two and up to eight bits that name the size.
    private static let sizes = [3, 6, 9, 12, 18, 25, 56]

    /// A number that is mostly small: zero is one bit.
    mutating func varbit(_ value: Int64) {
        if value == 0 { return bit(false) }
        let size = Self.sizes.first { value >= -(1 << ($0 - 1) - 1) && value <= 1 << ($0 - 1) }
        varbit(UInt64(bitPattern: value), size)
    }

    mutating func varbit(_ value: UInt64) {
        if value == 0 { return bit(false) }
        varbit(value, Self.sizes.first { value < 1 << UInt64($0) })
    }

    private mutating func varbit(_ value: UInt64, _ size: Int?) {
        guard let size, let place = Self.sizes.firstIndex(of: size) else {
            bits(0xff, 8)
            return bits(value, 64)
        }
        // As many ones as its place counts from one, and a zero.
        bits((1 << UInt64(place + 1) - 1) << 1, place + 2)
        bits(value, size)
    }
}
