import Encoding

extension GoTime {
    /// The instant that a text names as Go's `time.ParseInLocation` reads it, in nanoseconds since 1970; nil where it is not
    /// of the layout.
    ///
    /// - Parameters:
    ///   - zone: of texts that tell none.
    ///   - year: of texts that tell none, where Go takes the year 0.
    package static func ns(of text: String, layout: String, zone: TimeZone = .utc, year: Int) -> Int64? {
        var reading = GoTimeReading(text, year: year)
        guard reading.read(GoTimeLayout(layout)), let seconds = reading.seconds(in: zone) else { return nil }
        let (ns, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflowsToo) = ns.addingReportingOverflow(reading.nanosecond)
        return overflows || overflowsToo ? nil : sum
    }

    /// The same in milliseconds, of any year up to 9999; the year 0 where the text tells none.
    package init?(_ text: String, layout: String) {
        var reading = GoTimeReading(text, year: 0)
        guard reading.read(GoTimeLayout(layout)), let seconds = reading.seconds(in: .utc) else { return nil }
        self.init(ms: seconds * 1000 + reading.nanosecond / 1_000_000)
    }
}

/// A text that is read by a layout.
private struct GoTimeReading {
    private static let zones = ["UTC": 0, "GMT": 0, "Z": 0]

    private var text: Substring
    private var year: Int
    private var month = 1
    private var day = 1
    private var hour = 0
    private var minute = 0
    private var second = 0
    private(set) var nanosecond: Int64 = 0
    private var isAfternoon: Bool?
    private var offsetSeconds: Int?

    init(_ text: String, year: Int) {
        (self.text, self.year) = (Substring(text), year)
    }

    mutating func read(_ layout: GoTimeLayout) -> Bool {
        var rest = Substring(layout.layout)
        var before: Character?
        while let first = rest.first {
            if let digits = GoTimeLayout.fraction(rest, after: before) {
                let isOptional = rest.dropFirst().first == "9"
                guard readFraction(isOptional ? nil : digits) else { return false }
                rest = rest.dropFirst(digits + 1)
                before = nil
            } else if let element = GoTimeLayout.elements.first(where: { GoTimeLayout.begins(rest, with: $0) }) {
                guard read(element) else { return false }
                rest = rest.dropFirst(element.rawValue.count)
                // Go takes a fraction behind the seconds also where the layout has none.
                let isSecond = element == .zeroSecond || element == .second
                if isSecond, GoTimeLayout.fraction(rest, after: nil) == nil { _ = readFraction(nil) }
                before = nil
            } else {
                guard text.first == first else { return false }
                text.removeFirst()
                rest.removeFirst()
                before = first
            }
        }
        return text.isEmpty
    }

    func seconds(in zone: TimeZone) -> Int64? {
        guard (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour), (0...59).contains(minute),
            (0...60).contains(second), (0...9999).contains(year)
        else { return nil }
        var hour = hour
        if let isAfternoon { hour = hour % 12 + (isAfternoon ? 12 : 0) }
        let days = CivilTime.daysSince1970(year: year, month: month, day: day)
        let local = Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
        var offset = offsetSeconds ?? zone.offset(atSeconds: local).seconds
        if offsetSeconds == nil { offset = zone.offset(atSeconds: local - Int64(offset)).seconds }
        return local - Int64(offset)
    }

    /// - Parameter digits: nil takes as many as there are, also none.
    private mutating func readFraction(_ digits: Int?) -> Bool {
        guard text.first == "." || text.first == "," else { return digits == nil }
        let found = text.dropFirst().prefix { ("0"..."9").contains($0) }
        guard !found.isEmpty, digits == nil || digits == found.count else { return false }
        let nine = (found + "000000000").prefix(9)
        nanosecond = Int64(nine) ?? 0
        text = text.dropFirst(1 + found.count)
        return true
    }

    private mutating func number(_ digits: ClosedRange<Int>) -> Int? {
        let found = text.prefix(digits.upperBound).prefix { ("0"..."9").contains($0) }
        guard found.count >= digits.lowerBound else { return nil }
        text = text.dropFirst(found.count)
        return Int(found)
    }

    private mutating func word(among words: [String], letters: Int?) -> Int? {
        for (index, word) in words.enumerated() {
            let name = letters.map { String(word.prefix($0)) } ?? word
            guard text.prefix(name.count).lowercased() == name.lowercased() else { continue }
            text = text.dropFirst(name.count)
            return index
        }
        return nil
    }

    private mutating func read(_ element: GoTimeLayout.Element) -> Bool {
        switch element {
        case .longMonth: return assign(word(among: GoTimeLayout.months, letters: nil).map { $0 + 1 }, \.month)
        case .month: return assign(word(among: GoTimeLayout.months, letters: 3).map { $0 + 1 }, \.month)
        case .longWeekday: return word(among: GoTimeLayout.weekdays, letters: nil) != nil
        case .weekday: return word(among: GoTimeLayout.weekdays, letters: 3) != nil
        case .zeroMonth: return assign(number(2...2), \.month)
        case .numberMonth: return assign(number(1...2), \.month)
        case .zeroDay: return assign(number(2...2), \.day)
        case .day: return assign(number(1...2), \.day)
        case .underDay:
            if text.first == " " { text.removeFirst() }
            return assign(number(1...2), \.day)
        case .longYear: return assign(number(4...4), \.year)
        case .year2: return assign(number(2...2).map { $0 >= 69 ? $0 + 1900 : $0 + 2000 }, \.year)
        case .hour: return assign(number(2...2), \.hour)
        case .zeroHour12: return assign(number(2...2), \.hour)
        case .hour12: return assign(number(1...2), \.hour)
        case .zeroMinute: return assign(number(2...2), \.minute)
        case .minute: return assign(number(1...2), \.minute)
        case .zeroSecond: return assign(number(2...2), \.second)
        case .second: return assign(number(1...2), \.second)
        case .upperHalf, .lowerHalf:
            guard let half = word(among: ["AM", "PM"], letters: nil) else { return false }
            isAfternoon = half == 1
            return true
        case .zone: return readZoneName()
        case .yearDay, .underYearDay: return false
        default: return readOffset(element)
        }
    }

    private mutating func assign(_ value: Int?, _ place: WritableKeyPath<GoTimeReading, Int>) -> Bool {
        guard let value else { return false }
        self[keyPath: place] = value
        return true
    }

    /// Of names only those without a doubt are known; others mean the zone of the reader, as in Go.
    private mutating func readZoneName() -> Bool {
        let name = text.prefix { $0.isLetter && $0.isUppercase }
        guard (1...5).contains(name.count) else { return false }
        offsetSeconds = Self.zones[String(name)]
        text = text.dropFirst(name.count)
        return true
    }

    private mutating func readOffset(_ element: GoTimeLayout.Element) -> Bool {
        if element.rawValue.hasPrefix("Z"), text.first == "Z" {
            text.removeFirst()
            offsetSeconds = 0
            return true
        }
        guard let sign = text.first, sign == "+" || sign == "-" else { return false }
        text.removeFirst()
        var parts: [Int] = []
        for (place, part) in element.rawValue.dropFirst().split(separator: ":").enumerated() {
            if place > 0 {
                guard text.first == ":" else { return false }
                text.removeFirst()
            }
            for _ in 0..<(part.count / 2) {
                guard let value = number(2...2) else { return false }
                parts.append(value)
            }
        }
        let seconds = zip(parts, [3600, 60, 1]).reduce(0) { $0 + $1.0 * $1.1 }
        offsetSeconds = sign == "-" ? -seconds : seconds
        return true
    }
}
