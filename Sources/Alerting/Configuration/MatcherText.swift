import Encoding
package import Model
import Text

/// Conditions on labels as Alertmanager writes them: `severity="page"`, `team=~a|b`, `{"über"!="x", y=z}`.
///
/// Names and values in quotes may hold anything; without quotes they end at a sign that has a meaning here, or, in the
/// classic form, run up to the next comma outside of quotes.
package enum MatcherText {
    package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// More conditions than this in one text are refused.
    static let matchersMax = 1000

    /// One condition or a list of them, in braces or not.
    package static func matchers(_ text: String) throws(Failure) -> [Matcher] {
        do throws(Failure) {
            return try quoted(text)
        } catch {
            // What only the classic form takes, such as blanks or braces in a value without quotes.
            if let classic = try? classic(text) { return classic }  // the error of the newer form says more
            throw error
        }
    }

    private static func matcher(_ name: String, _ sign: String, _ value: String) throws(Failure) -> Matcher {
        guard let operation = Matcher.Operation(rawValue: sign) else {
            throw Failure(description: "\(Quoted.text(sign)) is no operator: =, !=, =~ or !~")
        }
        do throws(RegularExpressionError) {
            return try Matcher(name, operation, value)
        } catch {
            throw Failure(description: "\(error)")
        }
    }
}

/// The form since Alertmanager 0.27, with any UTF-8.
extension MatcherText {
    private static func quoted(_ text: String) throws(Failure) -> [Matcher] {
        var reader = Reader(text)
        reader.skipBlanks()
        let isBraced = reader.take("{")
        var matchers: [Matcher] = []
        while true {
            reader.skipBlanks()
            if isBraced, reader.take("}") { break }
            if reader.isAtEnd, !isBraced { break }
            guard matchers.count < matchersMax else {
                throw Failure(description: "more than \(matchersMax) conditions in one text")
            }
            let name = try reader.word("a label name")
            reader.skipBlanks()
            let sign = try reader.sign()
            reader.skipBlanks()
            matchers.append(try matcher(name, sign, try reader.word("a value")))
            reader.skipBlanks()
            if reader.take(",") { continue }
            if isBraced, reader.take("}") { break }
            guard reader.isAtEnd, !isBraced else { throw reader.unexpected("a comma or the end") }
            break
        }
        reader.skipBlanks()
        guard reader.isAtEnd else { throw reader.unexpected("the end") }
        return matchers
    }

    private struct Reader {
        private let scalars: [Unicode.Scalar]
        private var index = 0

        init(_ text: String) { scalars = Array(text.unicodeScalars) }

        var isAtEnd: Bool { index == scalars.count }

        mutating func skipBlanks() {
            while index < scalars.count, scalars[index].properties.isWhitespace { index += 1 }
        }

        mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            guard index < scalars.count, scalars[index] == scalar else { return false }
            index += 1
            return true
        }

        func unexpected(_ expected: String) -> Failure {
            guard index < scalars.count else { return Failure(description: "expected \(expected) at the end") }
            return Failure(description: "expected \(expected) at character \(index + 1), here is '\(scalars[index])'")
        }

        mutating func sign() throws(Failure) -> String {
            var sign = ""
            while index < scalars.count, ["=", "!", "~"].contains(scalars[index]), sign.count < 2 {
                // `a==b` is an operator and a value that begins with one.
                if sign == "=", scalars[index] != "~" { break }
                sign.unicodeScalars.append(scalars[index])
                index += 1
            }
            guard !sign.isEmpty else { throw unexpected("an operator such as =") }
            return sign
        }

        mutating func word(_ what: String) throws(Failure) -> String {
            if index < scalars.count, scalars[index] == "\"" { return try quotedWord(what) }
            var word = ""
            let reserved: Set<Unicode.Scalar> = ["{", "}", "!", "=", "~", ",", "\"", "'", "`", "\\"]
            while index < scalars.count, !reserved.contains(scalars[index]),
                !scalars[index].properties.isWhitespace
            {
                word.unicodeScalars.append(scalars[index])
                index += 1
            }
            guard !word.isEmpty else { throw unexpected(what) }
            return word
        }

        private mutating func quotedWord(_ what: String) throws(Failure) -> String {
            let start = index
            index += 1
            while index < scalars.count, scalars[index] != "\"" { index += scalars[index] == "\\" ? 2 : 1 }
            guard index < scalars.count else { throw Failure(description: "\(what) has no closing quote") }
            index += 1
            var source = ""
            source.unicodeScalars.append(contentsOf: scalars[start..<index])
            do throws(StringEscapes.Failure) {
                return String(decoding: try StringEscapes.resolve(source), as: UTF8.self)
            } catch {
                throw Failure(description: "\(what) \(source) is malformed: \(error.message)")
            }
        }
    }
}

/// The form before that.
extension MatcherText {
    private static func classic(_ text: String) throws(Failure) -> [Matcher] {
        var body = Substring(text.trimmed)
        if body.first == "{" { body.removeFirst() }
        if body.last == "}" { body.removeLast() }
        var matchers: [Matcher] = []
        for part in split(body) where !part.trimmed.isEmpty { matchers.append(try one(part.trimmed)) }
        return matchers
    }

    /// At commas outside of quotes.
    private static func split(_ body: Substring) -> [String] {
        var parts = [""]
        var isQuoted = false
        var isEscaped = false
        for character in body {
            if character == ",", !isQuoted {
                parts.append("")
                continue
            }
            if character == "\"", !isEscaped { isQuoted.toggle() }
            isEscaped = character == "\\" && !isEscaped
            parts[parts.count - 1].append(character)
        }
        return parts
    }

    private static func one(_ text: String) throws(Failure) -> Matcher {
        let name = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }
        let rest = text[name.endIndex...].drop { $0 == " " }
        let sign = ["=~", "!~", "!=", "="].first { rest.hasPrefix($0) }
        guard let sign, !name.isEmpty, name.first?.isNumber == false else {
            throw Failure(description: "bad matcher format: \(text)")
        }
        let raw = String(rest.dropFirst(sign.count)).trimmed
        return try matcher(String(name), sign, try value(raw))
    }

    private static func value(_ raw: String) throws(Failure) -> String {
        var inner = Substring(raw)
        if inner.first == "\"" {
            guard inner.count > 1, inner.last == "\"" else {
                throw Failure(description: "matcher value contains unescaped double quote: \(raw)")
            }
            inner = inner.dropFirst().dropLast()
        }
        var value = ""
        var isEscaped = false
        for character in inner {
            if isEscaped {
                value +=
                    character == "n"
                    ? "\n" : character == "\"" || character == "\\" ? String(character) : "\\\(character)"
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                throw Failure(description: "matcher value contains unescaped double quote: \(raw)")
            } else {
                value.append(character)
            }
        }
        return isEscaped ? value + "\\" : value
    }
}

extension StringProtocol {
    /// Without white space at its ends.
    fileprivate var trimmed: String {
        var text = Substring(self)
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
