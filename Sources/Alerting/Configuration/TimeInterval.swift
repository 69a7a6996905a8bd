import Encoding
package import Model

/// When a route is mute or active: a moment has to lie in one range of each kind that is given.
package struct TimeInterval: Sendable {
    /// Minutes of the day, the end not included.
    package var times: [Range<Int>] = []
    /// 0 is Sunday.
    package var weekdays: [ClosedRange<Int>] = []
    /// Negative days count from the end of the month, -1 the last.
    package var daysOfMonth: [ClosedRange<Int>] = []
    package var months: [ClosedRange<Int>] = []
    package var years: [ClosedRange<Int>] = []
    package var zone = TimeZone.utc

    package init() {}

    package func contains(_ ms: Int64) -> Bool {
        let civil = zone.civil(atMs: ms)
        if !times.isEmpty, !times.contains(where: { $0.contains(civil.hour * 60 + civil.minute) }) { return false }
        if !daysOfMonth.isEmpty, !daysOfMonth.contains(where: { Self.contains($0, civil) }) { return false }
        if !months.isEmpty, !months.contains(where: { $0.contains(civil.month) }) { return false }
        if !weekdays.isEmpty, !weekdays.contains(where: { $0.contains(civil.weekday) }) { return false }
        return years.isEmpty || years.contains { $0.contains(civil.year) }
    }

    private static func contains(_ range: ClosedRange<Int>, _ civil: CivilTime) -> Bool {
        let next = civil.month == 12 ? (civil.year + 1, 1) : (civil.year, civil.month + 1)
        let length =
            CivilTime.daysSince1970(year: next.0, month: next.1, day: 1)
            - CivilTime.daysSince1970(year: civil.year, month: civil.month, day: 1)
        func day(_ bound: Int) -> Int { bound < 0 ? length + bound + 1 : bound }
        let (first, last) = (max(1, day(range.lowerBound)), min(length, day(range.upperBound)))
        // A range that a short month does not have, such as 31 in February, holds no day of it.
        return first <= last && (first...last).contains(civil.day) && day(range.lowerBound) <= length
    }
}

/// Reads intervals as Alertmanager writes them.
struct TimeIntervalReader {
    /// Reads the file of a time zone.
    let zone: @Sendable (String) throws(TimeZone.Failure) -> TimeZone

    func interval(_ section: YAMLSection) -> TimeInterval {
        var interval = TimeInterval()
        interval.times = section.sections("times", "time range").compactMap(time)
        interval.weekdays = ranges(section, "weekdays", words: Self.weekdays, allowed: 0...6)
        interval.daysOfMonth = ranges(section, "days_of_month", words: [:], allowed: -31...31)
        interval.months = ranges(section, "months", words: Self.months, allowed: 1...12)
        interval.years = ranges(section, "years", words: [:], allowed: 0...9999)
        if let name = section.string("location") {
            do throws(TimeZone.Failure) {
                interval.zone = try zone(name)
            } catch {
                section.refuse(at: "location", "\(error)", "write a name of the tz database such as Europe/Berlin")
            }
        }
        section.finish()
        return interval
    }

    private static let weekdays = [
        "sunday": 0, "monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6,
    ]
    private static let months = [
        "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8,
        "september": 9, "october": 10, "november": 11, "december": 12,
    ]

    private func time(_ section: YAMLSection) -> Range<Int>? {
        let start = minute(section, "start_time")
        let end = minute(section, "end_time")
        section.finish()
        guard let start, let end else { return nil }
        guard start < end else {
            section.refuse("start time cannot be equal or greater than end time", "use two ranges around midnight")
            return nil
        }
        return start..<end
    }

    private func minute(_ section: YAMLSection, _ key: String) -> Int? {
        guard let text = section.string(key) else {
            section.refuse("both start and end times must be provided", "add \(key)")
            return nil
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let isWellFormed = parts.count == 2 && parts.allSatisfy { $0.count == 2 }
        if isWellFormed, let hour = Int(parts[0]), let minute = Int(parts[1]), (0..<60).contains(minute),
            (0..<24).contains(hour) || (hour == 24 && minute == 0)
        {
            return hour * 60 + minute
        }
        section.refuse(at: key, "couldn't parse timestamp \(text), invalid format", "write it as 09:00, up to 24:00")
        return nil
    }

    /// Entries such as `monday:friday`, `1:5` or `december`.
    private func ranges(
        _ section: YAMLSection, _ key: String, words: [String: Int], allowed: ClosedRange<Int>
    ) -> [ClosedRange<Int>] {
        (section.list(key) ?? []).compactMap { node in
            guard let text = section.reader.string(node, "an entry of \(key)") else { return nil }
            let parts = text.lowercased().split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            let bounds = parts.compactMap { words[$0] ?? (words.count == 7 ? nil : Int($0)) }
            guard bounds.count == parts.count, (1...2).contains(bounds.count),
                bounds.allSatisfy({ allowed.contains($0) && (key != "days_of_month" || $0 != 0) })
            else {
                section.reader.refuse(node, "\(Quoted.text(text)) is not a valid entry of \(key)")
                return nil
            }
            let (first, last) = (bounds[0], bounds[bounds.count - 1])
            let isDescending = (first < 0) == (last < 0) && first > last
            if isDescending || (first < 0 && last > 0) {
                section.reader.refuse(node, "\(Quoted.text(text)): the start is after the end", "exchange them")
                return nil
            }
            return first <= last ? first...last : nil
        }
    }
}
