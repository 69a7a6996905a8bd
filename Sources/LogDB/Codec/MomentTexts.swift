import Encoding

/// Moments as most programs write them into their lines: `2026-11-20T16:50:00.121768919Z` with any number of decimals up
/// to nine, or none.
enum MomentTexts {
    static let decimalsMax = 9
    private static let secondsLength = 19
    private static let dayNs: Int64 = 86_400_000_000_000

    /// The number of decimals of a text of this length; nil where no moment is so long.
    static func decimals(ofLength length: Int) -> Int? {
        if length == secondsLength + 1 { return 0 }
        let decimals = length - secondsLength - 2
        return (1...decimalsMax).contains(decimals) ? decimals : nil
    }

    /// Nanoseconds since 1970; nil where the text is no such moment or could not be made again from them.
    static func ns(_ text: Span<UInt8>, decimals: Int) -> Int64? {
        guard text.count == secondsLength + (decimals > 0 ? decimals + 2 : 1), text[4] == 0x2d, text[7] == 0x2d,
            text[10] == UInt8(ascii: "T"), text[13] == 0x3a, text[16] == 0x3a,
            text[text.count - 1] == UInt8(ascii: "Z"), decimals == 0 || text[secondsLength] == 0x2e,
            let year = NumberTexts.digits(text.extracting(0..<4), count: 4), (1700...2200).contains(year),
            let month = NumberTexts.digits(text.extracting(5..<7), count: 2), (1...12).contains(month),
            let day = NumberTexts.digits(text.extracting(8..<10), count: 2),
            let hour = NumberTexts.digits(text.extracting(11..<13), count: 2), hour < 24,
            let minute = NumberTexts.digits(text.extracting(14..<16), count: 2), minute < 60,
            let second = NumberTexts.digits(text.extracting(17..<19), count: 2), second < 60,
            let days = days(Int(year), Int(month), Int(day))
        else { return nil }
        var fraction: Int64 = 0
        if decimals > 0 {
            let digits = text.extracting((secondsLength + 1)..<(secondsLength + 1 + decimals))
            guard let number = NumberTexts.digits(digits, count: decimals) else { return nil }
            fraction = number * unit(decimals)
        }
        return Int64(days) * dayNs + ((hour * 60 + minute) * 60 + second) * 1_000_000_000 + fraction
    }

    /// Nanoseconds that one step of the last decimal is worth.
    static func unit(_ decimals: Int) -> Int64 {
        var unit: Int64 = 1
        for _ in decimals..<decimalsMax { unit *= 10 }
        return unit
    }

    static func append(_ ns: Int64, decimals: Int, to output: inout [UInt8]) {
        var day = ns / dayNs
        var rest = ns % dayNs
        if rest < 0 {
            rest += dayNs
            day -= 1
        }
        let date = CivilTime.date(daysSince1970: Int(day))
        let seconds = rest / 1_000_000_000
        let parts: [(Int, UInt8)] = [
            (date.month, 0x2d), (date.day, 0x2d), (Int(seconds / 3600), UInt8(ascii: "T")),
            (Int(seconds / 60 % 60), 0x3a), (Int(seconds % 60), 0x3a),
        ]
        NumberTexts.append(Int64(date.year), digitsMin: 4, to: &output)
        for (number, separator) in parts {
            output.append(separator)
            NumberTexts.append(Int64(number), digitsMin: 2, to: &output)
        }
        if decimals > 0 {
            output.append(UInt8(ascii: "."))
            NumberTexts.append(rest % 1_000_000_000 / unit(decimals), digitsMin: decimals, to: &output)
        }
        output.append(UInt8(ascii: "Z"))
    }

    /// Days since 1970 in the Gregorian calendar; nil where there is no such day.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int? {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard day >= 1, day <= lengths[month - 1] else { return nil }
        let shifted = month <= 2 ? year - 1 : year
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }
}
