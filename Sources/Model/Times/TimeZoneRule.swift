import Encoding

/// The rule for the time after the last change of a TZif file, as POSIX writes it: `CET-1CEST,M3.5.0,M10.5.0/3`.
struct TimeZoneRule: Sendable {
    /// When clocks change, by the clock that was valid until then.
    private struct Change: Sendable {
        enum Day: Sendable {
            /// The `week`-th `weekday` of a month, 5 for the last.
            case weekday(month: Int, week: Int, weekday: Int)
            /// From 1, February 29 never counted.
            case julian(Int)
            /// From 0, February 29 counted.
            case ofYear(Int)
        }

        let day: Day
        let seconds: Int

        /// Seconds from the begin of the year.
        func seconds(in year: Int) -> Int {
            let start = CivilTime.daysSince1970(year: year, month: 1, day: 1)
            let isLeap = CivilTime.daysSince1970(year: year + 1, month: 1, day: 1) - start == 366
            let days: Int
            switch day {
            case .ofYear(let day): days = day
            case .julian(let day): days = isLeap && day >= 60 ? day : day - 1
            case .weekday(let month, let week, let weekday):
                let first = CivilTime.daysSince1970(year: year, month: month, day: 1)
                let length =
                    (month == 12
                        ? CivilTime.daysSince1970(year: year + 1, month: 1, day: 1)
                        : CivilTime.daysSince1970(year: year, month: month + 1, day: 1)) - first
                let firstWeekday = ((first + 4) % 7 + 7) % 7
                var place = (weekday - firstWeekday + 7) % 7 + (week - 1) * 7
                while place >= length { place -= 7 }
                days = first - start + place
            }
            return days * 86_400 + seconds
        }
    }

    private let standard: TimeZone.Offset
    private var summer: TimeZone.Offset?
    private var begins: Change?
    private var ends: Change?

    /// Nil where there is no rule, or one that is malformed.
    init?(_ text: String) {
        var rest = Substring(text)
        guard let name = Self.name(&rest), let west = Self.clock(&rest) else { return nil }
        standard = TimeZone.Offset(seconds: -west, abbreviation: name)
        guard let summerName = Self.name(&rest) else {
            if rest.isEmpty { return }
            return nil
        }
        let summerWest = rest.first == "," ? west - 3600 : Self.clock(&rest)
        guard let summerWest, let begins = Self.change(&rest), let ends = Self.change(&rest) else { return nil }
        summer = TimeZone.Offset(seconds: -summerWest, abbreviation: summerName)
        (self.begins, self.ends) = (begins, ends)
    }

    func offset(atSeconds seconds: Int64) -> TimeZone.Offset {
        guard let summer, let begins, let ends else { return standard }
        let year = CivilTime(ms: (seconds + Int64(standard.seconds)) * 1000).year
        let inYear = Int(seconds) - CivilTime.daysSince1970(year: year, month: 1, day: 1) * 86_400
        let begin = begins.seconds(in: year) - standard.seconds
        let end = ends.seconds(in: year) - summer.seconds
        let isSummer = begin < end ? inYear >= begin && inYear < end : inYear >= begin || inYear < end
        return isSummer ? summer : standard
    }

    private static func name(_ rest: inout Substring) -> String? {
        if rest.first == "<" {
            guard let end = rest.firstIndex(of: ">") else { return nil }
            defer { rest = rest[rest.index(after: end)...] }
            return String(rest[rest.index(after: rest.startIndex)..<end])
        }
        let name = rest.prefix { $0.isLetter }
        rest = rest[name.endIndex...]
        return name.count >= 3 ? String(name) : nil
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    private static func clock(_ rest: inout Substring) -> Int? {
        var sign = 1
        if let first = rest.first, first == "-" || first == "+" {
            sign = first == "-" ? -1 : 1
            rest.removeFirst()
        }
        var total = 0
        for unit in [3600, 60, 1] {
            guard let number = number(&rest) else { return nil }
            total += number * unit
            guard rest.first == ":", unit > 1 else { break }
            rest.removeFirst()
        }
        return sign * total
    }

    private static func number(_ rest: inout Substring) -> Int? {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        rest = rest[digits.endIndex...]
        return digits.count <= 4 ? Int(digits) : nil
    }

    private static func change(_ rest: inout Substring) -> Change? {
        guard rest.popFirst() == ",", let day = day(&rest) else { return nil }
        guard rest.first == "/" else { return Change(day: day, seconds: 7200) }
        rest.removeFirst()
        return clock(&rest).map { Change(day: day, seconds: $0) }
    }

    private static func day(_ rest: inout Substring) -> Change.Day? {
        switch rest.first {
        case "M":
            rest.removeFirst()
            guard let month = number(&rest), (1...12).contains(month), rest.popFirst() == ".",
                let week = number(&rest), (1...5).contains(week), rest.popFirst() == ".",
                let weekday = number(&rest), (0...6).contains(weekday)
            else { return nil }
            return .weekday(month: month, week: week, weekday: weekday)
        case "J":
            rest.removeFirst()
            return number(&rest).map { .julian($0) }
        default: return number(&rest).map { .ofYear($0) }
        }
    }
}
