import Encoding

/// What a number counts, as far as people read it in larger and smaller units.
package enum ValueUnit: String, CaseIterable, Sendable {
    case none, bytes, seconds
    /// One is a hundred percent.
    case ratio
    case percent
    case bytesPerSecond = "bytes/s"

    /// Of a metric that ends with its unit, as Prometheus' naming asks for.
    ///
    /// - Parameter metric: also with `_total`, `_sum` or `_bucket` behind the unit.
    package init(metric: String) {
        var name = metric[...]
        for suffix in ["_total", "_sum", "_bucket"] where name.hasSuffix(suffix) { name = name.dropLast(suffix.count) }
        let word = name.split(separator: "_").last ?? ""
        switch word {
        case "bytes": self = .bytes
        case "seconds": self = .seconds
        case "ratio": self = .ratio
        case "percent": self = .percent
        default: self = .none
        }
    }

    /// What such a counter grows by in a second.
    package var perSecond: ValueUnit {
        switch self {
        case .bytes: .bytesPerSecond
        case .none, .seconds, .ratio, .percent, .bytesPerSecond: .none
        }
    }

    /// The number in its most readable unit, with about `significant` digits.
    package func text(_ value: Double, significant: Int = 4) -> String {
        guard value.isFinite else { return FloatText.general(value) }
        let (scale, unit) = scale(for: value.magnitude)
        return Self.digits(value / scale, significant) + unit
    }

    /// The factor and the name of the unit that numbers of this size are shown in.
    package func scale(for magnitude: Double) -> (factor: Double, name: String) {
        switch self {
        case .none: Self.fitting(magnitude, Self.decimalUnits) ?? (1, "")
        case .percent: (1, "%")
        case .ratio: (0.01, "%")
        case .bytes: Self.fitting(magnitude, Self.byteUnits) ?? (1, " B")
        case .bytesPerSecond:
            Self.fitting(magnitude, Self.byteUnits).map { ($0.factor, $0.name + "/s") } ?? (1, " B/s")
        case .seconds: magnitude == 0 ? (1, " s") : Self.fitting(magnitude, Self.secondUnits) ?? (1e-9, " ns")
        }
    }

    private static let decimalUnits: [(factor: Double, name: String)] = [
        (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"),
    ]
    private static let byteUnits: [(factor: Double, name: String)] = [
        (0x1p50, " PiB"), (0x1p40, " TiB"), (0x1p30, " GiB"), (0x1p20, " MiB"), (0x1p10, " KiB"),
    ]
    private static let secondUnits: [(factor: Double, name: String)] = [
        (86_400, " d"), (3600, " h"), (60, " min"), (1, " s"), (1e-3, " ms"), (1e-6, " µs"), (1e-9, " ns"),
    ]

    private static func fitting(
        _ magnitude: Double, _ units: [(factor: Double, name: String)]
    ) -> (factor: Double, name: String)? {
        units.first { magnitude >= $0.factor }
    }

    /// Whole numbers keep all of their digits; an exponent stands only where there would be many zeros.
    private static func digits(_ value: Double, _ significant: Int) -> String {
        if value.magnitude >= 1 {
            let whole = Int(FloatText.general(value.magnitude.rounded(.down), significant: 17).count)
            return trimmed(FloatText.fixed(value, decimals: max(0, significant - whole)))
        }
        return FloatText.general(value, significant: significant)
    }

    private static func trimmed(_ text: String) -> String {
        guard text.contains(".") else { return text }
        var text = text[...]
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return String(text)
    }
}
