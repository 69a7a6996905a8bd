import Encoding
import Text

/// A unit by Grafana's identifier, as texts of a rendered picture have it.
struct RenderUnit {
    private let base: ValueUnit
    /// What one is in the base.
    private let factor: Double
    private let suffix: String
    private let decimals: Int?

    /// By identifier: what it counts in, how many of that one is, and what stands behind it.
    private static let known: [String: (base: ValueUnit, factor: Double, suffix: String)] = [
        "bytes": (.bytes, 1, ""), "kbytes": (.bytes, 1024, ""), "mbytes": (.bytes, 0x1p20, ""),
        "gbytes": (.bytes, 0x1p30, ""), "decbytes": (.none, 1, "B"), "deckbytes": (.none, 1e3, "B"),
        "decmbytes": (.none, 1e6, "B"), "bits": (.none, 1, "b"), "decbits": (.none, 1, "b"),
        "Bps": (.none, 1, "B/s"), "binBps": (.bytesPerSecond, 1, ""), "bps": (.none, 1, "b/s"),
        "binbps": (.none, 1, "b/s"), "s": (.seconds, 1, ""), "ms": (.seconds, 1e-3, ""), "µs": (.seconds, 1e-6, ""),
        "ns": (.seconds, 1e-9, ""), "m": (.seconds, 60, ""), "h": (.seconds, 3600, ""), "d": (.seconds, 86_400, ""),
        "dtdurations": (.seconds, 1, ""), "percent": (.percent, 1, ""), "percentunit": (.ratio, 1, ""),
        "reqps": (.none, 1, " req/s"), "ops": (.none, 1, " ops/s"), "pps": (.none, 1, " p/s"),
        "iops": (.none, 1, " io/s"), "rps": (.none, 1, " rd/s"), "wps": (.none, 1, " wr/s"),
        "cps": (.none, 1, " c/s"), "celsius": (.none, 1, " °C"), "hertz": (.none, 1, "Hz"),
        "rotrpm": (.none, 1, " rpm"), "volt": (.none, 1, " V"), "watt": (.none, 1, " W"), "amp": (.none, 1, " A"),
    ]

    init(_ identifier: String?, decimals: Int? = nil) {
        let identifier = identifier ?? ""
        let written = identifier.hasPrefix("suffix:") ? " " + identifier.dropFirst(7) : ""
        let found = Self.known[identifier] ?? (.none, 1, written)
        (base, factor, suffix, self.decimals) = (found.base, found.factor, found.suffix, decimals)
    }

    func text(_ value: Double) -> String {
        guard let decimals, value.isFinite else { return base.text(value * factor, significant: 3) + suffix }
        let (scale, name) = base.scale(for: (value * factor).magnitude)
        return FloatText.fixed(value * factor / scale, decimals: decimals) + name + suffix
    }

    /// Marks of an axis between two values, each with its text.
    func axis(
        _ lowest: Double, _ highest: Double, marksMax: Int
    ) -> (low: Double, high: Double, marks: [(Double, String)]) {
        let axis = ValueAxis(lowest: lowest * factor, highest: highest * factor, unit: base, marksMax: marksMax)
        let marks = zip(axis.marks, axis.texts).map { ($0 / factor, $1 + suffix) }
        return (axis.low / factor, axis.high / factor, marks)
    }
}
