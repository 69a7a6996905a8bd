/// Durations as Prometheus writes them: `1h30m`, `2w`, `500ms`; units from the largest to the smallest, each once.
package enum PrometheusDuration {
    package struct ParseError: Error, CustomStringConvertible {
        package let description: String
    }

    private static let units: [(name: String, milliseconds: Int64)] = [
        ("y", 365 * 86_400_000), ("w", 7 * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000),
        ("s", 1000), ("ms", 1),
    ]
    /// The span of Go's `time.Duration`, which is what Prometheus can hold: about 292 years.
    private static let millisecondsMax: Int64 = .max / 1_000_000

    /// Milliseconds of a duration such as `1h30m`. A bare `0` is the only number that needs no unit.
    package static func parse(_ text: String) throws(ParseError) -> Int64 {
        if text.isEmpty { throw ParseError(description: "empty duration string") }
        if text == "0" { return 0 }
        var rest = Array(text.utf8)[...]
        var total: Int64 = 0
        var nextUnit = 0
        while !rest.isEmpty {
            let digits = rest.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 }
            rest = rest.dropFirst(letters.count)
            let name = String(decoding: letters, as: UTF8.self)
            guard !digits.isEmpty, let unit = units[nextUnit...].firstIndex(where: { $0.name == name }) else {
                throw ParseError(description: "not a valid duration string: \"\(text)\"")
            }
            nextUnit = unit + 1
            total = try add(digits, of: units[unit].milliseconds, to: total)
        }
        return total
    }

    private static func add(
        _ digits: ArraySlice<UInt8>, of milliseconds: Int64, to total: Int64
    ) throws(ParseError) -> Int64 {
        let outOfRange = ParseError(description: "duration out of range")
        guard let count = Int64(String(decoding: digits, as: UTF8.self)) else { throw outOfRange }
        let (product, overflow) = count.multipliedReportingOverflow(by: milliseconds)
        guard !overflow, product <= millisecondsMax - total else { throw outOfRange }
        return total + product
    }

    /// The form that `parse` reads back. Years and weeks only where nothing remains below them.
    package static func text(milliseconds: Int64) -> String {
        if milliseconds == 0 { return "0s" }
        var text = milliseconds < 0 ? "-" : ""
        var rest = milliseconds.magnitude
        for (index, unit) in units.enumerated() {
            let length = unit.milliseconds.magnitude
            let mustBeExact = index < 2
            if mustBeExact, rest % length != 0 { continue }
            let count = rest / length
            if count > 0 {
                text += "\(count)\(unit.name)"
                rest -= count * length
            }
        }
        return text
    }
}
