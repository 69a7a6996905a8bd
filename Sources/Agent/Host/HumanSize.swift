/// Sizes as the kernel writes them for people, `20.4G`, in powers of 1,024.
enum HumanSize {
    private static let units: [Character: Double] = [
        "k": 0x1p10, "M": 0x1p20, "G": 0x1p30, "T": 0x1p40, "P": 0x1p50, "E": 0x1p60,
    ]

    /// What comes behind the point is a decimal fraction of the unit.
    static func bytes(_ text: some StringProtocol) -> Double? {
        guard let last = text.last else { return nil }
        guard let unit = units[last] else { return Double(text) }
        return Double(text.dropLast()).map { ($0 * unit).rounded(.towardZero) }
    }

    /// bcache writes one digit behind the point, which counts hundreds of the next smaller unit.
    static func bcacheBytes(_ text: some StringProtocol) -> Double? {
        guard let last = text.last, let unit = units[last] else { return Double(text) }
        let parts = text.dropLast().split(separator: ".")
        guard let whole = parts.first.flatMap({ Double($0) }) else { return nil }
        let hundreds = parts.count > 1 ? Double(parts[1]) ?? 0 : 0
        return whole * unit + hundreds * 100 * (unit / 1_024)
    }
}
