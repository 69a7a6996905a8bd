/// Names of OpenTelemetry as names of Prometheus, by the rules of Prometheus' own receiver.
struct OTLPNames: Sendable {
    private let options: OTLPOptions

    init(_ options: OTLPOptions) { self.options = options }

    func metric(_ metric: OTLPMetric) -> String {
        switch options.translation {
        case .noTranslation: metric.name
        case .noUTF8EscapingWithSuffixes: Self.suffixed(metric)
        case .underscoreEscapingWithSuffixes: Self.normalised(metric)
        case .underscoreEscapingWithoutSuffixes: Self.escaped(metric.name)
        }
    }

    func label(_ name: String) -> String {
        switch options.translation {
        case .noTranslation, .noUTF8EscapingWithSuffixes: return name
        case .underscoreEscapingWithSuffixes, .underscoreEscapingWithoutSuffixes: break
        }
        var label = ""
        for scalar in name.unicodeScalars {
            let isKept = Self.isAlphanumeric(scalar)
            if !isKept, !options.preservesMultipleUnderscores, label.hasSuffix("_") { continue }
            label.unicodeScalars.append(isKept ? scalar : "_")
        }
        guard let first = label.unicodeScalars.first else { return label }
        if "0"..."9" ~= first { return "key_" + label }
        if options.sanitizesUnderscores, label.hasPrefix("_"), !label.hasPrefix("__") { return "key" + label }
        return label
    }

    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: false
        }
    }

    private static func tokens(_ name: String, keeping extra: Set<Unicode.Scalar>) -> [String] {
        name.unicodeScalars.split { !isAlphanumeric($0) && !extra.contains($0) }.map { String($0) }
    }

    private static func guarded(_ name: String) -> String {
        guard let first = name.unicodeScalars.first, "0"..."9" ~= first else { return name }
        return "_" + name
    }

    private static func escaped(_ name: String) -> String {
        guarded(tokens(name, keeping: [":", "_"]).joined(separator: "_"))
    }

    /// Tokens of the name with those of the unit, `total` or `ratio`, each once.
    private static func normalised(_ metric: OTLPMetric) -> String {
        var words = tokens(metric.name, keeping: [":"])
        let unit = OTLPUnit(metric.unit)
        let per = unit.per.flatMap { words.contains($0) ? nil : $0 }
        if let main = unit.main, !words.contains(main) { words.append(main) }
        if let per { words += ["per", per] }
        if metric.isCounter { words = words.filter { $0 != "total" } + ["total"] }
        if metric.unit == "1", metric.kind == .gauge { words = words.filter { $0 != "ratio" } + ["ratio"] }
        return guarded(words.joined(separator: "_"))
    }

    /// The name as it is with the same suffixes behind it.
    private static func suffixed(_ metric: OTLPMetric) -> String {
        var name = metric.name
        if metric.isCounter, name.hasSuffix("_total") { name.removeLast("_total".count) }
        let isRatio = metric.unit == "1" && metric.kind == .gauge
        if isRatio, name.hasSuffix("_ratio") { name.removeLast("_ratio".count) }
        let unit = OTLPUnit(metric.unit)
        if let main = unit.main, !name.hasSuffix(main) { name += "_" + main }
        if let per = unit.per, !name.hasSuffix("per_" + per) { name += "_per_" + per }
        return name + (metric.isCounter ? "_total" : isRatio ? "_ratio" : "")
    }
}

extension OTLPMetric {
    var isCounter: Bool { kind == .sum && isMonotonic }
}

/// A unit in words: `By/s` is bytes per second. What stands in braces is no unit.
struct OTLPUnit {
    let main: String?
    let per: String?

    init(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        main = Self.word(parts[0], Self.names)
        per = parts.count > 1 ? Self.word(parts[1], Self.perNames) : nil
    }

    private static func word(_ text: Substring, _ names: [String: String]) -> String? {
        let trimmed = text.split(separator: " ").joined(separator: " ")
        guard !trimmed.isEmpty, !trimmed.contains("{"), !trimmed.contains("}") else { return nil }
        let name = names[trimmed] ?? trimmed
        let words = name.unicodeScalars.split {
            switch $0 {
            case "a"..."z", "A"..."Z", "0"..."9", ":": false
            default: true
            }
        }
        let word = words.map { String($0) }.joined(separator: "_")
        return word.isEmpty ? nil : word
    }

    private static let names = [
        "d": "days", "h": "hours", "min": "minutes", "s": "seconds", "ms": "milliseconds", "us": "microseconds",
        "ns": "nanoseconds", "By": "bytes", "KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes",
        "TiBy": "tibibytes", "KBy": "kilobytes", "MBy": "megabytes", "GBy": "gigabytes", "TBy": "terabytes",
        "m": "meters", "V": "volts", "A": "amperes", "J": "joules", "W": "watts", "g": "grams", "Cel": "celsius",
        "Hz": "hertz", "1": "", "%": "percent",
    ]
    private static let perNames = [
        "s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year",
    ]
}
