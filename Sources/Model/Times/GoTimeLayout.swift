import Encoding

/// Go's way to say how a time is written: the moment `Mon Jan 2 15:04:05 MST 2006` in the wanted form.
struct GoTimeLayout {
    private enum Part {
        case text(String)
        case element(Element)
    }

    enum Element: String, CaseIterable {
        case longMonth = "January", month = "Jan", longWeekday = "Monday", weekday = "Mon"
        case zone = "MST"
        case yearDay = "002", zeroMonth = "01", zeroDay = "02", zeroHour12 = "03", zeroMinute = "04"
        case zeroSecond = "05", year2 = "06"
        case hour = "15", numberMonth = "1"
        case longYear = "2006", underYearDay = "__2", underDay = "_2", day = "2"
        case hour12 = "3", minute = "4", second = "5", upperHalf = "PM", lowerHalf = "pm"
        case zuluSeconds = "Z070000", zuluColonSeconds = "Z07:00:00", zuluColon = "Z07:00", zulu = "Z0700"
        case zuluHour = "Z07"
        case offsetSeconds = "-070000", offsetColonSeconds = "-07:00:00", offsetColon = "-07:00", offset = "-0700"
        case offsetHour = "-07"
    }

    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// Longer ones first, so that `2006` is no `2`.
    static let elements = Element.allCases.sorted { $0.rawValue.utf8.count > $1.rawValue.utf8.count }

    private var parts: [Part] = []
    let layout: String

    init(_ layout: String) { self.layout = layout }

    func text(_ time: GoTime) -> String {
        let civil = time.zone.civil(atMs: time.ms)
        let offset = time.zone.offset(atSeconds: time.ms.floored(by: 1000))
        var output = ""
        var rest = Substring(layout)
        while let first = rest.first {
            if let digits = Self.fraction(rest, after: output.last) {
                output += Self.fraction(civil, rest.prefix(digits + 1))
                rest = rest.dropFirst(digits + 1)
            } else if let element = Self.elements.first(where: { Self.begins(rest, with: $0) }) {
                output += Self.text(element, civil, offset)
                rest = rest.dropFirst(element.rawValue.count)
            } else {
                output.append(first)
                rest.removeFirst()
            }
        }
        return output
    }

    /// `Jan` is no month where a small letter follows, as in `Janet`.
    static func begins(_ rest: Substring, with element: Element) -> Bool {
        guard rest.hasPrefix(element.rawValue) else { return false }
        guard element == .month || element == .weekday else { return true }
        return !(rest.dropFirst(3).first?.isLowercase ?? false)
    }

    /// How many zeros or nines follow a point or comma, if they are a fraction of a second.
    static func fraction(_ rest: Substring, after last: Character?) -> Int? {
        guard let first = rest.first, first == "." || first == ",", let digit = rest.dropFirst().first,
            digit == "0" || digit == "9"
        else { return nil }
        let digits = rest.dropFirst().prefix { $0 == digit }
        if let next = rest.dropFirst(1 + digits.count).first, ("0"..."9").contains(next) { return nil }
        return digits.count
    }

    private static func fraction(_ civil: CivilTime, _ layout: Substring) -> String {
        let digits = layout.count - 1
        var text = padded(civil.millisecond, 3) + String(repeating: "0", count: max(0, digits - 3))
        text = String(text.prefix(digits))
        if layout.last == "9" {
            while text.last == "0" { text.removeLast() }
            if text.isEmpty { return "" }
        }
        return String(layout.prefix(1)) + text
    }

    private static func padded(_ number: Int, _ width: Int, with pad: String = "0") -> String {
        let digits = String(number)
        return String(repeating: pad, count: max(0, width - digits.count)) + digits
    }

    private static func text(_ element: Element, _ civil: CivilTime, _ offset: TimeZone.Offset) -> String {
        let hour12 = civil.hour % 12 == 0 ? 12 : civil.hour % 12
        switch element {
        case .longMonth: return months[civil.month - 1]
        case .month: return String(months[civil.month - 1].prefix(3))
        case .longWeekday: return weekdays[civil.weekday]
        case .weekday: return String(weekdays[civil.weekday].prefix(3))
        case .zone: return zoneName(offset)
        case .yearDay: return padded(yearDay(civil), 3)
        case .underYearDay: return padded(yearDay(civil), 3, with: " ")
        case .zeroMonth: return padded(civil.month, 2)
        case .numberMonth: return String(civil.month)
        case .zeroDay: return padded(civil.day, 2)
        case .underDay: return padded(civil.day, 2, with: " ")
        case .day: return String(civil.day)
        case .longYear: return padded(civil.year, 4)
        case .year2: return padded(civil.year % 100, 2)
        case .hour: return padded(civil.hour, 2)
        case .zeroHour12: return padded(hour12, 2)
        case .hour12: return String(hour12)
        case .zeroMinute: return padded(civil.minute, 2)
        case .minute: return String(civil.minute)
        case .zeroSecond: return padded(civil.second, 2)
        case .second: return String(civil.second)
        case .upperHalf: return civil.hour >= 12 ? "PM" : "AM"
        case .lowerHalf: return civil.hour >= 12 ? "pm" : "am"
        case .zulu, .zuluColon, .zuluHour, .zuluSeconds, .zuluColonSeconds:
            return offset.seconds == 0 ? "Z" : self.offset(offset, like: element.rawValue)
        case .offset, .offsetColon, .offsetHour, .offsetSeconds, .offsetColonSeconds:
            return self.offset(offset, like: element.rawValue)
        }
    }

    private static func yearDay(_ civil: CivilTime) -> Int {
        CivilTime.daysSince1970(year: civil.year, month: civil.month, day: civil.day)
            - CivilTime.daysSince1970(year: civil.year, month: 1, day: 1) + 1
    }

    /// Zones without a name of letters show their distance.
    private static func zoneName(_ offset: TimeZone.Offset) -> String {
        offset.abbreviation.isEmpty ? self.offset(offset, like: "-0700") : offset.abbreviation
    }

    private static func offset(_ offset: TimeZone.Offset, like form: String) -> String {
        let all = abs(offset.seconds)
        let colon = form.contains(":") ? ":" : ""
        var text = (offset.seconds < 0 ? "-" : "+") + padded(all / 3600, 2)
        let digits = form.count { ("0"..."9").contains($0) }
        if digits >= 4 { text += colon + padded(all / 60 % 60, 2) }
        if digits >= 6 { text += colon + padded(all % 60, 2) }
        return text
    }
}
