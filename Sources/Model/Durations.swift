import Encoding

/// A duration that could not be read, in the words of Prometheus.
package struct DurationError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}

/// Durations as Prometheus writes them, such as `1d2h30m` or `500ms`, in milliseconds.
package enum Durations {
    /// Reads one or more numbers with units, each unit once, larger ones first. `0` needs no unit.
    package static func milliseconds(
        of text: String, allowingNegative: Bool = false
    ) throws(DurationError) -> Int64 {
        guard !text.isEmpty else { throw DurationError(description: "empty duration string") }
        let isNegative = allowingNegative && text.utf8.first == UInt8(ascii: "-")
        let body = isNegative ? Array(text.utf8.dropFirst()) : Array(text.utf8)
        if body == [UInt8(ascii: "0")] { return 0 }
        guard let value = try magnitude(body) else {
            throw DurationError(description: "not a valid duration string: \(Quoted.text(text))")
        }
        return isNegative ? -value : value
    }

    /// The shortest form with days as the largest unit, or whole weeks or years alone: `90d`, `2w`, `1h30m`.
    package static func text(ofMs milliseconds: Int64) -> String {
        guard milliseconds != 0 else { return "0s" }
        var rest = milliseconds.magnitude
        var text = milliseconds < 0 ? "-" : ""
        for unit in units {
            let isWhole = rest % UInt64(unit.milliseconds) == 0
            guard rest >= UInt64(unit.milliseconds), isWhole || !unit.onlyWhole else { continue }
            text += "\(rest / UInt64(unit.milliseconds))\(unit.name)"
            rest %= UInt64(unit.milliseconds)
        }
        return text
    }

    private struct Unit {
        let name: String
        let milliseconds: Int64
        /// Printed only where nothing remains, because 90d reads better than 12w6d.
        let onlyWhole: Bool
    }

    /// Largest first. `m` is not the beginning of `ms`: the longest name that fits is taken.
    private static let units = [
        Unit(name: "y", milliseconds: 365 * 86_400_000, onlyWhole: true),
        Unit(name: "w", milliseconds: 7 * 86_400_000, onlyWhole: true),
        Unit(name: "d", milliseconds: 86_400_000, onlyWhole: false),
        Unit(name: "h", milliseconds: 3_600_000, onlyWhole: false),
        Unit(name: "m", milliseconds: 60_000, onlyWhole: false),
        Unit(name: "s", milliseconds: 1000, onlyWhole: false),
        Unit(name: "ms", milliseconds: 1, onlyWhole: false),
    ]

    /// Prometheus counts nanoseconds in 64 bits, about 292 years.
    private static let millisecondsMax = Int64.max / 1_000_000

    /// Nil where the text is malformed.
    private static func magnitude(_ text: [UInt8]) throws(DurationError) -> Int64? {
        var total: Int64 = 0
        var index = 0
        var unitsLeft = units[...]
        while index < text.count {
            guard let number = try number(text, &index),
                let place = takeUnit(text, &index, unitsLeft)
            else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: units[place].milliseconds)
            guard !overflow, product <= millisecondsMax - total else { throw tooLong }
            total += product
            unitsLeft = units[(place + 1)...]
        }
        return text.isEmpty ? nil : total
    }

    private static func number(_ text: [UInt8], _ index: inout Int) throws(DurationError) -> Int64? {
        let start = index
        var number: Int64 = 0
        while index < text.count, text[index] >= UInt8(ascii: "0"), text[index] <= UInt8(ascii: "9") {
            guard number <= millisecondsMax else { throw tooLong }
            number = number * 10 + Int64(text[index] - UInt8(ascii: "0"))
            index += 1
        }
        return index == start ? nil : number
    }

    private static func takeUnit(_ text: [UInt8], _ index: inout Int, _ allowed: ArraySlice<Unit>) -> Int? {
        let start = index
        while index < text.count, text[index] > UInt8(ascii: "9") { index += 1 }
        return allowed.indices.first { allowed[$0].name.utf8.elementsEqual(text[start..<index]) }
    }

    private static var tooLong: DurationError { DurationError(description: "duration out of range") }
}
