import Encoding
import TestSupport
import Testing

@Suite struct JSONWriterTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func putsCommasWhereTheyBelong() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("a", 1)
        writer.name("b")
        writer.beginArray()
        writer.number(1.5)
        writer.string("x")
        writer.beginObject()
        writer.endObject()
        writer.null()
        writer.endArray()
        writer.member("c", true)
        writer.name("d")
        let raw = Array("[1]".utf8)
        writer.raw(raw.span)
        writer.endObject()
        #expect(text(writer.bytes) == #"{"a":1,"b":[1.5,"x",{},null],"c":true,"d":[1]}"#)
    }

    @Test func escapesExactlyWhatHasToBe() {
        let all = String(String.UnicodeScalarView((0..<0x80).compactMap(Unicode.Scalar.init)))
        var bytes: [UInt8] = []
        JSONText.append(string: all, to: &bytes)
        let low = (0..<0x20).map { code in
            [8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r"][code] ?? "\\u00" + (code < 16 ? "0" : "1")
                + String(code % 16, radix: 16)
        }.joined()
        let high = (0x20..<0x80).map { code in
            code == 0x22 ? "\\\"" : code == 0x5c ? "\\\\" : String(UnicodeScalar(UInt8(code)))
        }.joined()
        #expect(text(bytes) == "\"" + low + high + "\"")
    }

    @Test func findsAnEscapeAtEachPlaceOfALongText() {
        for length in 0..<40 {
            for place in 0..<length {
                var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: length)
                bytes[place] = UInt8(ascii: "\n")
                var output: [UInt8] = []
                JSONText.append(string: bytes.span, to: &output)
                let expected =
                    "\"" + String(repeating: "a", count: place) + "\\n"
                    + String(repeating: "a", count: length - place - 1) + "\""
                #expect(text(output) == expected)
            }
        }
    }

    @Test func repairsBytesThatAreNotUTF8() {
        var output: [UInt8] = []
        let bytes: [UInt8] = [0x61, 0xff, 0x0a, 0xe2, 0x82]
        JSONText.append(string: bytes.span, to: &output)
        #expect(text(output) == "\"a\u{fffd}\\n\u{fffd}\"")
    }

    @Test(arguments: [
        (0.0, "0.0"), (-0.0, "-0.0"), (1.5, "1.5"), (0.1, "0.1"), (1e300, "1e+300"), (.leastNonzeroMagnitude, "5e-324"),
    ])
    func writesTheShortestDigits(number: Double, expected: String) {
        var output: [UInt8] = []
        JSONText.append(number: number, to: &output)
        #expect(text(output) == expected)
    }

    @Test func leavesWhatIsNoNumberToTheCaller() {
        var writer = JSONWriter(nonFinite: .text)
        writer.beginArray()
        for number in [Double.nan, .infinity, -.infinity] { writer.number(number) }
        writer.endArray()
        #expect(text(writer.bytes) == #"["NaN","Infinity","-Infinity"]"#)
        var other = JSONWriter()
        other.number(Double.nan)
        #expect(text(other.bytes) == "null")
    }

    @Test func roundTripsRandomNumbers() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            let double = Double(bitPattern: random.next())
            let int = Int(truncatingIfNeeded: random.next()) >> Int.random(in: 0...63, using: &random)
            var writer = JSONWriter()
            writer.beginArray()
            writer.number(double)
            writer.number(int)
            writer.number(UInt64(bitPattern: Int64(int)))
            writer.endArray()
            let value = try JSONValue.parse(writer.bytes.span)
            #expect(value.elements?[0].double?.bitPattern == (double.isFinite ? double.bitPattern : nil), "seed 3")
            #expect(value.elements?[1].int == int, "seed 3")
            #expect(value.elements?[2].unsigned == UInt64(bitPattern: Int64(int)), "seed 3")
        }
    }
}
