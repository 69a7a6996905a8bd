/// Reads moments such as `2026-11-20T19:51:01.123+01:00` (RFC 3339).
package enum RFC3339 {
    /// Milliseconds since 1970, rounded towards the past; nil where the text is no such moment.
    package static func ms(_ text: String) -> Int64? {
        var bytes = Array(text.utf8)[...]
        guard let year = number(&bytes, digits: 4), take("-", &bytes), let month = number(&bytes, digits: 2),
            take("-", &bytes), let day = number(&bytes, digits: 2), take("Tt", &bytes),
            let hour = number(&bytes, digits: 2), take(":", &bytes), let minute = number(&bytes, digits: 2),
            take(":", &bytes), let second = number(&bytes, digits: 2)
        else { return nil }
        var millisecond = 0
        if take(".", &bytes) {
            guard let fraction = fraction(&bytes) else { return nil }
            millisecond = fraction
        }
        guard let offsetMinutes = offset(&bytes), bytes.isEmpty, (1...12).contains(month), hour < 24, minute < 60,
            second < 60, day >= 1, let days = days(year, month, day)
        else { return nil }
        let minutes = days * 1440 + hour * 60 + minute - offsetMinutes
        return Int64(minutes * 60 + second) * 1000 + Int64(millisecond)
    }

    private static func take(_ any: String, _ bytes: inout ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, any.utf8.contains(first) else { return false }
        bytes.removeFirst()
        return true
    }

    private static func number(_ bytes: inout ArraySlice<UInt8>, digits: Int) -> Int? {
        let text = bytes.prefix(digits)
        guard text.count == digits, text.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        bytes.removeFirst(digits)
        return text.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private static func fraction(_ bytes: inout ArraySlice<UInt8>) -> Int? {
        let digits = bytes.prefix { $0 >= 0x30 && $0 <= 0x39 }
        guard !digits.isEmpty else { return nil }
        bytes.removeFirst(digits.count)
        let three = Array(digits.prefix(3)) + Array(repeating: 0x30, count: max(0, 3 - digits.count))
        return three.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private static func offset(_ bytes: inout ArraySlice<UInt8>) -> Int? {
        if take("Zz", &bytes) { return 0 }
        let isWest = bytes.first == UInt8(ascii: "-")
        guard take("+-", &bytes), let hours = number(&bytes, digits: 2), take(":", &bytes),
            let minutes = number(&bytes, digits: 2), hours < 24, minutes < 60
        else { return nil }
        return (isWest ? -1 : 1) * (hours * 60 + minutes)
    }

    /// Days since 1970; nil for a day that the month does not have.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int? {
        let days = CivilTime.daysSince1970(year: year, month: month, day: day)
        let date = CivilTime.date(daysSince1970: days)
        return date.month == month && date.day == day ? days : nil
    }
}
