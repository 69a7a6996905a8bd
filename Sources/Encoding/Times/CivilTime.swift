/// A moment as the calendar and the clock of UTC show it (proleptic Gregorian calendar, no leap seconds).
package struct CivilTime: Sendable, Equatable {
    package let year: Int
    /// 1...12
    package let month: Int
    /// 1...31
    package let day: Int
    /// 0 (Sunday) to 6.
    package let weekday: Int
    package let hour: Int
    package let minute: Int
    package let second: Int
    package let millisecond: Int

    /// - Parameter ms: milliseconds since 1970, negative before.
    package init(ms: Int64) {
        let dayMs: Int64 = 86_400_000
        let days = Int(ms >= 0 ? ms / dayMs : (ms - dayMs + 1) / dayMs)
        let rest = Int(ms - Int64(days) * dayMs)
        (year, month, day) = Self.date(daysSince1970: days)
        weekday = ((days + 4) % 7 + 7) % 7
        hour = rest / 3_600_000
        minute = rest / 60_000 % 60
        second = rest / 1_000 % 60
        millisecond = rest % 1_000
    }

    /// Years are counted from March here, so that the leap day is a year's last and months have a fixed place.
    package static func date(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let daysOf400Years = 146_097
        let shifted = days + 719_468  // since 0000-03-01
        let cycle = (shifted >= 0 ? shifted : shifted - daysOf400Years + 1) / daysOf400Years
        let dayOfCycle = shifted - cycle * daysOf400Years
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1_460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// Days from 1970-01-01 to a date. A day that the month does not have runs over into the next one.
    package static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let yearFromMarch = month > 2 ? year : year - 1
        let monthFromMarch = month > 2 ? month - 3 : month + 9
        let cycle = (yearFromMarch >= 0 ? yearFromMarch : yearFromMarch - 399) / 400
        let yearOfCycle = yearFromMarch - cycle * 400
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let dayOfCycle = yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear
        return cycle * 146_097 + dayOfCycle - 719_468
    }

    /// `2026-11-20T19:51:01.123Z`, as RFC 3339 has it.
    package var rfc3339: String {
        "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))T\(clock)Z"
    }

    /// `19:51:01.123`
    package var clock: String {
        "\(Self.padded(hour, 2)):\(Self.padded(minute, 2)):\(Self.padded(second, 2)).\(Self.padded(millisecond, 3))"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number.magnitude)
        let padded = String(repeating: "0", count: max(0, width - digits.count)) + digits
        return number < 0 ? "-" + padded : padded
    }
}
