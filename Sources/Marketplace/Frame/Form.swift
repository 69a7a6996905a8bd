import Crypto
import Encoding
import HTTP

/// Reads the fields of a body, and remembers the first that is wrong.
struct Form {
    private let json: JSONValue
    private var problem: String?

    init(_ json: JSONValue) {
        self.json = json
        if json.members == nil { problem = "the body is not a JSON object" }
    }

    mutating func text(_ name: String, length: ClosedRange<Int>) -> String {
        guard let text = json[name]?.text, length.contains(text.utf8.count) else {
            note("\(name) is a text of \(length.lowerBound) to \(length.upperBound) bytes")
            return ""
        }
        // No text of a database has one.
        if text.utf8.contains(0) { note("there is a zero byte in \(name)") }
        return text
    }

    mutating func optionalText(_ name: String, length: ClosedRange<Int>) -> String? {
        guard let value = json[name], !value.isNull else { return nil }
        return text(name, length: length)
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int {
        guard let number = json[name]?.int, range.contains(number) else {
            note("\(name) is a whole number from \(range.lowerBound) to \(range.upperBound)")
            return range.lowerBound
        }
        return number
    }

    mutating func list(_ name: String, count: ClosedRange<Int>) -> [JSONValue] {
        guard let elements = json[name]?.elements, count.contains(elements.count) else {
            note("\(name) is a list of \(count.lowerBound) to \(count.upperBound) elements")
            return []
        }
        return elements
    }

    mutating func note(_ sentence: String) { if problem == nil { problem = sentence } }

    var isGood: Bool { problem == nil }

    /// False where a field is wrong, and then the call is answered.
    func isGood(for call: Call) -> Bool {
        guard let problem else { return true }
        call.refuse(.unprocessableContent, "bad_field", problem)
        return false
    }
}

/// Names of things: a letter for their kind and 64 random bits.
enum Identifier {
    static func new(_ kind: String) -> String { "\(kind)_\(Hexadecimal.string(SecureRandom.bytes(8).span))" }
}
