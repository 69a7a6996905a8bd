import Encoding
package import Text

/// A moment in a time zone as Go's templates know it, with the methods of `time.Time` that people use in them.
package struct GoTime: TemplateObject {
    package let ms: Int64
    package let zone: TimeZone

    package init(ms: Int64, zone: TimeZone = .utc) {
        self.ms = ms
        self.zone = zone
    }

    package var typeName: String { "time.Time" }
    package var value: TemplateValue { .string(formatted("2006-01-02 15:04:05.999999999 -0700 MST")) }

    /// By a layout that shows how the moment 2006-01-02 15:04:05 in the zone MST would be written.
    package func formatted(_ layout: String) -> String { GoTimeLayout(layout).text(self) }

    package func call(_ method: String, _ arguments: [TemplateValue]) throws(TemplateFailure) -> TemplateValue? {
        if let field = field(method) {
            try expect(0, arguments, method)
            return field
        }
        switch method {
        case "Format":
            try expect(1, arguments, method)
            return .string(formatted(try text(arguments[0])))
        case "Sub":
            try expect(1, arguments, method)
            return .object(GoDuration(nanoseconds: (ms - (try moment(arguments[0])).ms) * 1_000_000))
        case "Add":
            try expect(1, arguments, method)
            guard case .object(let object) = arguments[0], let length = object as? GoDuration else {
                throw TemplateFailure("expected time.Duration; got \(arguments[0].typeName)")
            }
            return .object(GoTime(ms: ms + length.nanoseconds / 1_000_000, zone: zone))
        case "After", "Before", "Equal":
            try expect(1, arguments, method)
            let other = try moment(arguments[0]).ms
            return .bool(method == "After" ? ms > other : method == "Before" ? ms < other : ms == other)
        default: return nil
        }
    }

    private func field(_ name: String) -> TemplateValue? {
        let civil = zone.civil(atMs: ms)
        switch name {
        case "Unix": return .int(Int(ms.floored(by: 1000)))
        case "UnixMilli": return .int(Int(ms))
        case "UnixNano": return .int(Int(ms) * 1_000_000)
        case "UTC": return .object(GoTime(ms: ms))
        case "Year": return .int(civil.year)
        case "Month": return .string(GoTimeLayout.months[civil.month - 1])
        case "Day": return .int(civil.day)
        case "Hour": return .int(civil.hour)
        case "Minute": return .int(civil.minute)
        case "Second": return .int(civil.second)
        case "Weekday": return .string(GoTimeLayout.weekdays[civil.weekday])
        case "YearDay":
            return .int(
                CivilTime.daysSince1970(year: civil.year, month: civil.month, day: civil.day)
                    - CivilTime.daysSince1970(year: civil.year, month: 1, day: 1) + 1)
        case "IsZero": return .bool(ms == Self.zeroMs)
        case "String": return value
        default: return nil
        }
    }

    /// Go's zero time: the first moment of the year 1.
    package static let zeroMs: Int64 = -62_135_596_800_000

    private func text(_ value: TemplateValue) throws(TemplateFailure) -> String {
        guard let text = value.text else { throw TemplateFailure("expected string; got \(value.typeName)") }
        return text
    }

    private func moment(_ value: TemplateValue) throws(TemplateFailure) -> GoTime {
        guard case .object(let object) = value, let moment = object as? GoTime else {
            throw TemplateFailure("expected time.Time; got \(value.typeName)")
        }
        return moment
    }
}

extension Int64 {
    /// The quotient rounded down.
    func floored(by divisor: Int64) -> Int64 { self >= 0 ? self / divisor : (self - divisor + 1) / divisor }
}

/// A length of time as Go's templates know it.
package struct GoDuration: TemplateObject {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package var typeName: String { "time.Duration" }
    package var value: TemplateValue { .string(text) }

    package func call(_ method: String, _ arguments: [TemplateValue]) throws(TemplateFailure) -> TemplateValue? {
        let result: TemplateValue
        switch method {
        case "Hours": result = .float(Double(nanoseconds) / 3.6e12)
        case "Minutes": result = .float(Double(nanoseconds) / 6e10)
        case "Seconds": result = .float(Double(nanoseconds) / 1e9)
        case "Milliseconds": result = .int(Int(nanoseconds / 1_000_000))
        case "Microseconds": result = .int(Int(nanoseconds / 1000))
        case "Nanoseconds": result = .int(Int(nanoseconds))
        case "String": result = value
        default: return nil
        }
        try expect(0, arguments, method)
        return result
    }

    /// `1h2m3.5s`, below a second in the unit that fits.
    package var text: String {
        if nanoseconds == 0 { return "0s" }
        let sign = nanoseconds < 0 ? "-" : ""
        let all = nanoseconds.magnitude
        if all < 1000 { return "\(sign)\(all)ns" }
        if all < 1_000_000 { return "\(sign)\(FloatText.plain(Double(all) / 1e3))µs" }
        if all < 1_000_000_000 { return "\(sign)\(FloatText.plain(Double(all) / 1e6))ms" }
        let minutes = all / 60_000_000_000
        let seconds = FloatText.plain(Double(all % 60_000_000_000) / 1e9) + "s"
        if minutes == 0 { return sign + seconds }
        return minutes < 60 ? "\(sign)\(minutes)m\(seconds)" : "\(sign)\(minutes / 60)h\(minutes % 60)m\(seconds)"
    }
}
