import Encoding

/// Functions on texts and lengths of time that the templates of rules and those of notifications share.
package enum TextFunctions {
    package static let all: [TemplateFunction] = [
        TemplateFunction("toUpper", [.string]) { .string(mapped($0[0].text ?? "") { $0.properties.uppercaseMapping }) },
        TemplateFunction("toLower", [.string]) { .string(mapped($0[0].text ?? "") { $0.properties.lowercaseMapping }) },
        TemplateFunction("title", [.string]) { .string(title($0[0].text ?? "")) },
        TemplateFunction("safeHtml", [.string]) { .markup($0[0].text ?? "") },
        TemplateFunction("match", [.string, .string]) { (arguments) throws(TemplateFailure) in
            let expression = try compiled(arguments[0].text ?? "")
            return .bool(expression.matches(Array((arguments[1].text ?? "").utf8).span))
        },
        TemplateFunction("reReplaceAll", [.string, .string, .string]) { (arguments) throws(TemplateFailure) in
            let expression = try compiled(arguments[0].text ?? "")
            return .string(replaceAll(expression, with: arguments[1].text ?? "", in: arguments[2].text ?? ""))
        },
        TemplateFunction("humanizeDuration", [.any]) { (arguments) throws(TemplateFailure) in
            .string(humanizedDuration(try number(arguments[0])))
        },
    ]

    private static func compiled(_ pattern: String) throws(TemplateFailure) -> RegularExpression {
        do throws(RegularExpressionError) {
            return try RegularExpression(pattern)
        } catch {
            throw TemplateFailure("\(error)")
        }
    }

    /// Character by character, as Go has it: one whose other case is several characters stays.
    private static func mapped(_ text: String, _ mapping: (Unicode.Scalar) -> String) -> String {
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let other = mapping(scalar).unicodeScalars
            output.append(other.count == 1 ? other.first ?? scalar : scalar)
        }
        return String(output)
    }

    /// The first letter of each word in upper case.
    private static func title(_ text: String) -> String {
        var output = ""
        var isInWord = false
        for character in text {
            let isLetter = character.isLetter || character.isNumber || character == "_"
            output +=
                isLetter && !isInWord ? mapped(String(character)) { $0.properties.titlecaseMapping } : String(character)
            isInWord = isLetter
        }
        return output
    }

    /// Go's `Regexp.ReplaceAllString`.
    private static func replaceAll(
        _ expression: RegularExpression, with replacement: String, in text: String
    ) -> String {
        let template = ReplacementTemplate(replacement, for: expression)
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        var captures = CaptureRanges()
        var (copied, searched, lastEnd) = (0, 0, -1)
        while searched <= bytes.count, expression.captures(in: bytes.span, from: searched, into: &captures),
            let match = captures[0]
        {
            output += bytes[copied..<match.lowerBound]
            // An empty match right behind the last one is none.
            if !match.isEmpty || match.lowerBound != lastEnd {
                template.expand(captures, in: bytes.span, into: &output)
            }
            (copied, lastEnd) = (match.upperBound, match.upperBound)
            searched = match.isEmpty ? nextCharacter(bytes, match.upperBound) : match.upperBound
        }
        output += bytes[min(copied, bytes.count)...]
        return String(decoding: output, as: UTF8.self)
    }

    private static func nextCharacter(_ bytes: [UInt8], _ place: Int) -> Int {
        var next = place + 1
        while next < bytes.count, bytes[next] & 0xc0 == 0x80 { next += 1 }
        return next
    }
}

/// Numbers for people.
extension TextFunctions {
    /// A number, or a text that is one.
    package static func number(_ value: TemplateValue) throws(TemplateFailure) -> Double {
        switch value.plain {
        case .float(let value): return value
        case .int(let value): return Double(value)
        case .string(let text):
            guard let value = FloatReading.float(text) else {
                throw TemplateFailure("strconv.ParseFloat: parsing \(GoQuote.quoted(text)): invalid syntax")
            }
            return value
        default: throw TemplateFailure("can't convert \(value.typeName) to float")
        }
    }

    /// Seconds as `1d 2h 3m 4s`, or below a second with the prefix that fits.
    package static func humanizedDuration(_ seconds: Double) -> String {
        if !seconds.isFinite || seconds == 0 {
            return seconds == 0 ? "0s" : general(seconds)
        }
        guard seconds.magnitude >= 1 else {
            var (scaled, prefix) = (seconds, "")
            for next in ["m", "u", "n", "p", "f", "a", "z", "y"] {
                if scaled.magnitude >= 1 { break }
                prefix = next
                scaled *= 1000
            }
            return "\(general(scaled))\(prefix)s"
        }
        let sign = seconds < 0 ? "-" : ""
        let whole = Int64(min(seconds.magnitude, 9e18))
        let (days, hours, minutes) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60)
        if days != 0 { return "\(sign)\(days)d \(hours)h \(minutes)m \(whole % 60)s" }
        if hours != 0 { return "\(sign)\(hours)h \(minutes)m \(whole % 60)s" }
        if minutes != 0 { return "\(sign)\(minutes)m \(whole % 60)s" }
        return "\(sign)\(general(seconds.magnitude))s"
    }

    /// `%.4g`
    package static func general(_ value: Double) -> String { FloatText.general(value, significant: 4) }
}
