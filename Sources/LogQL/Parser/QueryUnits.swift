import Encoding

/// Durations as queries have them: Go's units and days, weeks and years, in any order, with fractions.
package enum QueryDuration {
    private static let units: [(name: String, ns: Double)] = [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
        ("d", 86_400e9), ("w", 7 * 86_400e9), ("y", 365 * 86_400e9),
    ]

    /// Nil where the text is no duration, or one longer than 292 years.
    package static func nanoseconds(_ text: String) -> Int64? {
        guard case .value(let ns) = read(text, allowsDays: true) else { return nil }
        return ns
    }

    /// Why a text between brackets is no duration, as Loki words it.
    static func fault(ofRange text: String) -> String {
        if text.isEmpty { return "empty duration string" }
        let unit = text.utf8.drop { 0x30...0x39 ~= $0 }.prefix { !(0x30...0x39 ~= $0) }
        let isNumber = text.utf8.first.map { 0x30...0x39 ~= $0 } ?? false
        if !isNumber || unit.isEmpty || nanoseconds(text) != nil {
            return "not a valid duration string: \(QueryText.quoted(text))"
        }
        return "unknown unit \"\(Substring(unit))\" in duration \(QueryText.quoted(text))"
    }

    /// What a value of a label is: Go's `time.ParseDuration`, with its messages.
    package static func value(_ text: String) -> Result<Int64, UnitFailure> {
        let quoted = "\"\(text)\""
        switch read(text, allowsDays: false) {
        case .value(let ns): return .success(ns)
        case .malformed: return .failure(UnitFailure("time: invalid duration \(quoted)"))
        case .noUnit: return .failure(UnitFailure("time: missing unit in duration \(quoted)"))
        case .unknownUnit(let unit):
            return .failure(UnitFailure("time: unknown unit \"\(unit)\" in duration \(quoted)"))
        }
    }

    private enum Reading {
        case value(Int64)
        case malformed
        case noUnit
        case unknownUnit(String)
    }

    private static func read(_ text: String, allowsDays: Bool) -> Reading {
        var rest = text.utf8[...]
        var isNegative = false
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            rest.removeFirst()
        }
        if rest.elementsEqual("0".utf8) { return .value(0) }
        guard !rest.isEmpty else { return .malformed }
        var total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { 0x30...0x39 ~= $0 || $0 == UInt8(ascii: ".") }
            rest = rest[digits.endIndex...]
            let unit = rest.prefix { !(0x30...0x39 ~= $0) && $0 != UInt8(ascii: ".") }
            rest = rest[unit.endIndex...]
            guard let number = Double(String(Substring(digits))), digits.first != nil else { return .malformed }
            if unit.isEmpty { return .noUnit }
            let name = String(Substring(unit))
            let known = units.firstIndex { $0.name.utf8.elementsEqual(unit) }
            guard let known, allowsDays || known < 8 else { return .unknownUnit(name) }
            total += (number * units[known].ns).rounded()
        }
        guard total < 9.2e18 else { return .malformed }
        return .value(isNegative ? -Int64(total) : Int64(total))
    }
}

/// Why a value could not be converted, in Go's words.
package struct UnitFailure: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Sizes: powers of 1000 as `MB`, of 1024 as `MiB`.
package enum QueryBytes {
    private static let units: [(name: String, bytes: Double)] = [
        ("b", 1), ("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("tb", 1e12), ("pb", 1e15), ("eb", 1e18), ("kib", 0x1p10),
        ("mib", 0x1p20), ("gib", 0x1p30), ("tib", 0x1p40), ("pib", 0x1p50), ("eib", 0x1p60),
    ]
    private static let shortUnits: [(name: String, bytes: Double)] = [
        ("", 1), ("k", 1e3), ("m", 1e6), ("g", 1e9), ("t", 1e12), ("p", 1e15), ("e", 1e18), ("ki", 0x1p10),
        ("mi", 0x1p20), ("gi", 0x1p30), ("ti", 0x1p40), ("pi", 0x1p50), ("ei", 0x1p60),
    ]

    /// A literal of a query, whose unit is written as it should be; nil for anything else.
    package static func literal(_ text: String) -> UInt64? {
        let digits = text.utf8.prefix { 0x30...0x39 ~= $0 || $0 == UInt8(ascii: ".") }
        let unit = String(text.utf8[digits.endIndex...]) ?? ""
        guard let number = Double(String(Substring(digits))),
            let known = units.first(where: { $0.name == unit.lowercased() }), unit.hasSuffix("B"),
            unit.dropLast().allSatisfy({ $0 == "i" || $0.isUppercase || $0 == "k" })
        else { return nil }
        return bytes(number * known.bytes)
    }

    /// What a value of a label is: as humanize's `ParseBytes` reads it, with its messages.
    package static func value(_ text: String) -> Result<UInt64, UnitFailure> {
        let digits = text.utf8.prefix { 0x30...0x39 ~= $0 || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ",") }
        let plain = String(Substring(digits)).filter { $0 != "," }
        guard let number = FloatReading.float(plain) else {
            return .failure(UnitFailure("strconv.ParseFloat: parsing \"\(plain)\": invalid syntax"))
        }
        let unit = (String(text.utf8[digits.endIndex...]) ?? "").trimmedBlanks.lowercased()
        guard let known = (units + shortUnits).first(where: { $0.name == unit }) else {
            return .failure(UnitFailure("unhandled size name: \(unit)"))
        }
        guard let value = bytes(number * known.bytes) else { return .failure(UnitFailure("too large: \(text)")) }
        return .success(value)
    }

    private static func bytes(_ value: Double) -> UInt64? { value < 0x1p64 ? UInt64(value) : nil }
}

extension String {
    /// Without blanks around it.
    var trimmedBlanks: String {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        let end = lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? start
        return String(self[start..<end])
    }
}
