import Encoding

/// Parts of the date and the time of day of values that are seconds since 1970, in UTC.
enum CalendarFunctions {
    static let all: [FunctionDefinition] = [
        define("year") { Double($0.year) },
        define("month") { Double($0.month) },
        define("day_of_month") { Double($0.day) },
        define("day_of_week") { Double($0.weekday) },
        define("day_of_year") { Double(dayOfYear($0)) },
        define("days_in_month") { Double(daysInMonth($0)) },
        define("hour") { Double($0.hour) },
        define("minute") { Double($0.minute) },
    ]

    /// Beyond these a calendar makes no sense, and milliseconds would not hold them.
    private static let secondsMax = 9.2e15

    private static func define(
        _ name: String, _ part: @escaping @Sendable (CivilTime) -> Double
    ) -> FunctionDefinition {
        FunctionDefinition(
            name, [.vector], variadic: 1, dependsOnTime: true,
            .calendar { seconds in
                guard seconds.magnitude < secondsMax else { return .nan }
                return part(CivilTime(ms: Int64(seconds) * 1000))
            })
    }

    private static func daysInMonth(_ time: CivilTime) -> Int {
        switch time.month {
        case 2: isLeap(time.year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && year % 100 != 0 || year % 400 == 0 }

    private static func dayOfYear(_ time: CivilTime) -> Int {
        let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][time.month - 1]
        return before + time.day + (time.month > 2 && isLeap(time.year) ? 1 : 0)
    }
}
