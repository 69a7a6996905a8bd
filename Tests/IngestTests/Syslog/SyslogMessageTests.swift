import Encoding
import Foundation
import Ingest
import Model
import TestSupport
import Testing

@Suite("A message of syslog")
struct SyslogMessageTests {
    /// 2026-11-21T00:00:00Z
    private let nowMs: Int64 = 1_795_219_200_000

    /// `facility.severity time host app process id name=value... | text`
    private func told(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let message = SyslogMessage(bytes.span, nowMs: nowMs)
        let head = [
            "\(message.facility).\(message.severity)", message.timestampNs.map { "\($0)" } ?? "-", message.host,
            message.app, message.process, message.messageID,
        ]
        let parameters = message.parameters.map { "\($0.name)=\($0.value)" }
        return (head.map { $0.isEmpty ? "-" : $0 } + parameters).joined(separator: " ") + " | "
            + String(decoding: bytes[message.text], as: UTF8.self)
    }

    /// The same clock in winter and in summer, of a zone that changes between them.
    @Test func aTimeWithoutAZoneIsOfTheZoneOfItsListener() throws {
        let berlin = try Model.TimeZone.named("Europe/Berlin") { path, _ in
            Array(try Data(contentsOf: URL(filePath: path)))
        }
        for (text, nowMs, ns) in [
            ("<34>Jan 11 22:14:15 mymachine su: on", 1_768_166_000_000, 1_768_166_055_000_000_000),
            ("<34>Jul 11 22:14:15 mymachine su: on", 1_783_800_000_000, 1_783_800_855_000_000_000),
        ] as [(String, Int64, Int64)] {
            let bytes = Array(text.utf8)
            #expect(SyslogMessage(bytes.span, nowMs: nowMs, berlin).timestampNs == ns)
        }
    }

    @Test("is read as RFC 5424 has it, by the examples of its section 6.5")
    func readsRFC5424() {
        #expect(
            told(
                "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \u{feff}'su root' failed on /dev/pts/8"
            )
                == "4.2 1065910455003000000 mymachine.example.com su - ID47 | 'su root' failed on /dev/pts/8")
        #expect(
            told("<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.")
                == "20.5 1061727255000003000 192.0.2.1 myproc 8710 - | %% It's time to make the do-nuts.")
        let element = #"[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"]"#
        #expect(
            told("<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 \(element) \u{feff}An event")
                == "20.5 1065910455003000000 mymachine.example.com evntslog - ID47 exampleSDID_iut=3 "
                + "exampleSDID_eventSource=Application exampleSDID_eventID=1011 | An event")
        #expect(
            told("<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 \(element)[x@1 class=\"high\"]")
                == "20.5 1065910455003000000 mymachine.example.com evntslog - ID47 exampleSDID_iut=3 "
                + "exampleSDID_eventSource=Application exampleSDID_eventID=1011 x_class=high | ")
    }

    @Test("has what is escaped in its structured data resolved, and keeps as text what is none")
    func readsStructuredData() {
        #expect(told(#"<14>1 - h a - - [x k="a\"b\\c\]d\e"] t"#) == #"1.6 - h a - - x_k=a"b\c]d\e | t"#)
        #expect(told(#"<14>1 - - - - - [x k="a] t"#) == #"1.6 - - - - - | [x k="a] t"#)
        #expect(told("<14>1 - - - - -") == "1.6 - - - - - | 1 - - - - -")
    }

    @Test("is read as RFC 3164 has it, by the examples of its section 5.4 and by what daemons send")
    func readsRFC3164() {
        #expect(
            told("<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8")
                == "4.2 1791756855000000000 mymachine su - - | 'su root' failed for lonvick on /dev/pts/8")
        #expect(told("Use the BFG!") == "1.5 - - - - - | Use the BFG!")
        #expect(
            told("<13>Nov  1 03:04:05 h cron[42]: (root) CMD\n") == "1.5 1793502245000000000 h cron 42 - | (root) CMD")
        #expect(told("<13>Nov  1 03:04:05 cron[42]: x") == "1.5 1793502245000000000 - cron 42 - | x")
        #expect(
            told("<13>2026-11-01T03:04:05.5+01:00 h app: x") == "1.5 1793498645500000000 h app - - | x")
        #expect(told("<13>Nov  1 03:04:05 h no tag here") == "1.5 1793502245000000000 h - - - | no tag here")
        #expect(told("<13>just text: here") == "1.5 - - - - - | just text: here")
        #expect(told("<999>x") == "1.5 - - - - - | <999>x")
    }

    @Test("without a year is of the one that brings it nearest")
    func guessesYear() {
        let december = Array("<13>Dec 31 23:59:59 h a: x".utf8)
        // 2026-01-01T00:00:10Z
        let message = SyslogMessage(december.span, nowMs: 1_767_225_610_000)
        #expect(message.timestampNs == 1_767_225_599_000_000_000)
    }

    @Test("never stops the reader, whatever it is, and stays within its bytes")
    func survivesAnything() {
        var generator = SeededGenerator.announced()
        let seeds = [
            "<34>1 2003-10-11T22:14:15.003Z m su - ID47 [a b=\"c\"] text", "<34>Oct 11 22:14:15 m su[1]: text",
        ]
        for round in 0..<20_000 {
            var bytes = Array(seeds[round % 2].utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let at = Int.random(in: 0..<bytes.count, using: &generator)
                if Bool.random(using: &generator) {
                    bytes[at] = .random(in: 0...255, using: &generator)
                } else {
                    bytes.removeSubrange(at...)
                    if bytes.isEmpty { bytes = [UInt8(ascii: "<")] }
                }
            }
            let message = SyslogMessage(bytes.span, nowMs: nowMs)
            #expect(message.text.upperBound <= bytes.count)
        }
    }
}

@Suite("Messages of syslog on a stream")
struct SyslogFramesTests {
    private func told(_ stream: [UInt8], cutAt cuts: [Int] = []) -> [String] {
        var frames = SyslogFrames()
        var told: [String] = []
        var start = 0
        for end in cuts + [stream.count] {
            frames.take(stream.span.extracting(start..<end)) { bytes in
                told.append(String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self))
            }
            start = end
        }
        frames.end { bytes in told.append(String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)) }
        return told
    }

    @Test("are cut by counts and by line breaks, wherever reads end")
    func cuts() {
        let stream = Array("11 <13>a\nb: cd<13>two\n\n12 years of it\n6 <13>xyrest".utf8)
        let expected = ["<13>a\nb: cd", "<13>two", "years of it\n", "<13>xy", "rest"]
        #expect(told(stream) == expected)
        for cut in 0...stream.count { #expect(told(stream, cutAt: [cut]) == expected, "cut at \(cut)") }
        #expect(told(stream, cutAt: Array(0...stream.count)) == expected)
    }

    @Test("that begin with digits which are no count are lines")
    func takesDigitsForText() {
        #expect(told(Array("123456789 x\n17: y\n".utf8)) == ["123456789 x", "17: y"])
    }

    @Test("are kept up to the bound, and the next one is found")
    func boundsLength() {
        let long = [UInt8](repeating: 0x61, count: SyslogFrames.bytesMax + 100)
        let counted = Array("\(long.count) ".utf8) + long + Array("5 <13>x".utf8)
        for stream in [counted, long + Array("\n<13>x\n".utf8)] {
            let found = told(stream)
            #expect(found.count == 2 && found[0].utf8.count == SyslogFrames.bytesMax && found[1] == "<13>x")
        }
    }
}
