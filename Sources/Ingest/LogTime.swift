import Encoding

/// Times as programs write them into log entries: RFC 3339, or a number since 1970 whose size tells its unit.
package enum LogTime {
    /// Nanoseconds since 1970; nil where the text is no time.
    package static func ns(_ text: [UInt8]) -> Int64? {
        let text = String(decoding: text, as: UTF8.self)
        if let number = Int64(text) { return ns(sized: number) }
        if let seconds = Double(text) {
            guard abs(seconds) < 9e9 else { return nil }
            return Int64(seconds * 1e9)
        }
        guard let ms = RFC3339.ms(text) else { return nil }
        // What is finer than milliseconds stands behind the third decimal.
        var extra: Int64 = 0
        if let point = text.firstIndex(of: ".") {
            let digits = text[text.index(after: point)...].prefix { $0.isASCII && $0.isNumber }
            var unit: Int64 = 100_000
            for digit in digits.dropFirst(3).prefix(6) {
                extra += Int64(digit.wholeNumberValue ?? 0) * unit
                unit /= 10
            }
        }
        let (product, overflows) = ms.multipliedReportingOverflow(by: 1_000_000)
        return overflows ? nil : product + extra
    }

    /// Seconds, milliseconds, microseconds or nanoseconds, whichever lies within some hundred years of now.
    package static func ns(sized number: Int64) -> Int64 {
        switch number.magnitude {
        case ..<20_000_000_000: number &* 1_000_000_000
        case ..<20_000_000_000_000: number &* 1_000_000
        case ..<20_000_000_000_000_000: number &* 1_000
        default: number
        }
    }
}
