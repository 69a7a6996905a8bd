import Encoding

/// Parts of the date and the time of day of values that are seconds since 1970, in UTC.
enum CalendarFunctions {
    static let all: [FunctionDefinition] = [
        define("year") { Double($0.year) },
        define("month") { Double($0.month) },
        define("day_of_month") { Double($0.day) },
        define("day_of_week") { Double($0.weekday) },
        define("day_of_year") { Double($0.dayOfYear) },
        define("days_in_month") { Double($0.daysInMonth) },
        define("hour") { Double($0.secondOfDay / 3600) },
        define("minute") { Double($0.secondOfDay / 60 % 60) },
    ]

    private static func define(
        _ name: String, _ part: @escaping @Sendable (Moment) -> Double
    ) -> FunctionDefinition {
        FunctionDefinition(
            name, [.vector], variadic: 1, dependsOnTime: true, .calendar { part(Moment(seconds: $0)) })
    }

    /// A moment of any year that Go's calendar knows: Prometheus takes what is no time, or beyond all times, for the
    /// smallest integer, and Go's seconds since its year zero wrap around.
    private struct Moment {
        let year: Int
        let month: Int
        let day: Int
        let weekday: Int
        let secondOfDay: Int

        private static let secondsPerDay: UInt64 = 86_400
        /// Days from the year -292277022399, where Go begins to count, to 1970.
        private static let daysBefore1970: UInt64 = 106_751_991_073_094

        init(seconds: Double) {
            let whole = Int64(exactly: seconds.rounded(.towardZero)) ?? .min
            let absolute = UInt64(bitPattern: whole) &+ Self.daysBefore1970 &* Self.secondsPerDay
            let days = Int(absolute / Self.secondsPerDay) - Int(Self.daysBefore1970)
            secondOfDay = Int(absolute % Self.secondsPerDay)
            (year, month, day) = CivilTime.date(daysSince1970: days)
            weekday = ((days + 4) % 7 + 7) % 7
        }

        private var isLeap: Bool { year % 4 == 0 && year % 100 != 0 || year % 400 == 0 }

        var daysInMonth: Int {
            switch month {
            case 2: isLeap ? 29 : 28
            case 4, 6, 9, 11: 30
            default: 31
            }
        }

        var dayOfYear: Int {
            let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month - 1]
            return before + day + (month > 2 && isLeap ? 1 : 0)
        }
    }
}
