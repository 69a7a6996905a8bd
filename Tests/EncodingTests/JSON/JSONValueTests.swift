import Encoding
import Foundation
import TestSupport
import Testing

@Suite struct JSONValueTests {
    private func parse(_ text: String) throws -> JSONValue {
        let bytes = Array(text.utf8)
        return try JSONValue.parse(bytes.span)
    }

    @Test func readsEachKind() throws {
        let value = try parse(
            #"{"s":"x","n":-1.5e2,"i":42,"t":true,"f":false,"z":null,"a":[1,"two",[]],"o":{"k":"v"}}"#)
        #expect(value["s"]?.text == "x")
        #expect(value["n"]?.double == -150)
        #expect(value["i"]?.int == 42)
        #expect(value["t"]?.bool == true)
        #expect(value["f"]?.bool == false)
        #expect(value["z"]?.isNull == true)
        #expect(value["a"]?.elements?.count == 3)
        #expect(value["o"]?["k"]?.text == "v")
        #expect(value["absent"] == nil)
    }

    @Test func takesTheLastOfRepeatedNames() throws { #expect(try parse(#"{"a":1,"a":2}"#)["a"]?.int == 2) }

    @Test func losesNoDigitOfALargeNumber() throws {
        #expect(try parse("123456789012345678901234567890") == .number("123456789012345678901234567890"))
        #expect(try parse("18446744073709551615").unsigned == UInt64.max)
        #expect(try parse("-9223372036854775808").int == Int.min)
        #expect(try parse("9223372036854775808").int == nil)
        #expect(try parse("1e400").double == nil)
        #expect(try parse("1e3").int == 1000)
        #expect(try parse("1.5").int == nil)
    }

    @Test(arguments: [
        (#""\u0041\u00e9\u20ac""#, "Aé€"), (#""\ud83d\ude00""#, "😀"), (#""\ud83d""#, "\u{fffd}"),
        (#""\ude00x""#, "\u{fffd}x"),
        (#""\ud83d\u0041""#, "\u{fffd}A"), (#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (#""\u0000""#, "\0"),
    ])
    func resolvesEscapes(text: String, expected: String) throws { #expect(try parse(text).text == expected) }

    /// Foundation's decoder is the other opinion.
    @Test(arguments: 0..<20)
    func readsRandomTreesAsFoundationDoes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let value = Self.random(&random, depth: 0)
        var writer = JSONWriter()
        writer.value(value)
        #expect(try JSONValue.parse(writer.bytes.span) == value, "seed \(seed)")
        let theirs = try JSONSerialization.jsonObject(with: Data(writer.bytes), options: .fragmentsAllowed)
        #expect(Self.equal(value, theirs), "seed \(seed)")
    }

    private static func random(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
        switch Int.random(in: 0...(depth > 4 ? 3 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .number(String(Int.random(in: -1_000_000...1_000_000, using: &random)))
        case 3: return .string(text(&random))
        case 4:
            return .array(
                (0..<Int.random(in: 0...5, using: &random)).map { _ in Self.random(&random, depth: depth + 1) })
        default:
            let count = Int.random(in: 0...5, using: &random)
            return .object(
                (0..<count).map {
                    JSONMember(name: "\($0)" + text(&random), value: Self.random(&random, depth: depth + 1))
                })
        }
    }

    private static func text(_ random: inout SeededGenerator) -> String {
        let letters = [
            "a", "\"", "\\", "\n", "\u{1}", "\u{1f}", "é", "😀", "/", "\u{7f}", " ", "longer text without escapes",
        ]
        return (0..<Int.random(in: 0...12, using: &random)).map { _ in letters.randomElement(using: &random) ?? "" }
            .joined()
    }

    private static func equal(_ ours: JSONValue, _ theirs: Any) -> Bool {
        switch ours {
        case .null: return theirs is NSNull
        case .bool(let value): return (theirs as? Bool) == value
        case .number: return (theirs as? NSNumber)?.intValue == ours.int
        case .string(let text): return (theirs as? String) == text
        case .array(let values):
            guard let array = theirs as? [Any], array.count == values.count else { return false }
            return zip(values, array).allSatisfy { equal($0, $1) }
        case .object(let members):
            guard let object = theirs as? [String: Any], object.count == members.count else { return false }
            return members.allSatisfy { member in object[member.name].map { equal(member.value, $0) } ?? false }
        }
    }
}
