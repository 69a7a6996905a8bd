import Encoding
import Foundation
import Ingest
import Posix
import Testing

/// Messages byte by byte as RFC 1035 and 2782 lay them out.
struct DNSMessageTests {
    /// An answer with one question and these records, each a pointer to the question's name.
    private func answer(_ records: [(type: UInt16, seconds: UInt32, data: [UInt8])], flags: UInt16 = 0x8180) -> [UInt8]
    {
        var bytes: [UInt8] = [0x12, 0x34]
        bytes.appendBigEndian(flags)
        bytes.appendBigEndian(UInt16(1))
        bytes.appendBigEndian(UInt16(records.count))
        bytes += [0, 0, 0, 0]
        bytes += [4] + Array("_svc".utf8) + [7] + Array("Example".utf8) + [3] + Array("com".utf8) + [0, 0, 33, 0, 1]
        for record in records {
            bytes += [0xc0, 12]
            bytes.appendBigEndian(record.type)
            bytes += [0, 1]
            bytes.appendBigEndian(record.seconds)
            bytes.appendBigEndian(UInt16(record.data.count))
            bytes += record.data
        }
        return bytes
    }

    @Test func recordsOfAllTypesAreRead() throws {
        let bytes = answer([
            (33, 30, [0, 1, 0, 2, 0x1f, 0x90, 1, UInt8(ascii: "h"), 0xc0, 17]), (1, 60, [10, 0, 0, 7]),
            (28, 61, [0x20, 1, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [1]),
            (15, 62, [0, 10, 1, UInt8(ascii: "m"), 0xc0, 17]), (2, 63, [1, UInt8(ascii: "n"), 0xc0, 17]),
        ])
        let message = try DNSMessage(bytes.span)
        #expect(message.id == 0x1234 && message.outcome == .found && !message.isTruncated)
        #expect(
            message.records.map(\.data) == [
                .service(host: "h.example.com", port: 8080), .address4("10.0.0.7"), .address6("2001:db8::1"),
                .mail("m.example.com"), .nameServer("n.example.com"),
            ])
        #expect(message.records.map(\.secondsToLive) == [30, 60, 61, 62, 63])
        #expect(message.records.allSatisfy { $0.name == "_svc.example.com" })
    }

    @Test func questionsAndLoopsAreRefused() {
        let question = answer([], flags: 0x0100)
        #expect(throws: DecodeError.self) { try DNSMessage(question.span) }
        // A name that points to itself.
        let loop = answer([(5, 1, [0xc0, 46])])
        #expect(throws: DecodeError.self) { try DNSMessage(loop.span) }
    }

    @Test func everyTruncationIsRefused() throws {
        let whole = answer([(1, 60, [10, 0, 0, 7])])
        for count in 0..<whole.count {
            let bytes = Array(whole[..<count])
            #expect(throws: DecodeError.self) { try DNSMessage(bytes.span) }
        }
    }

    @Test func settingsAreThoseOfResolvConf() {
        let settings = DNSSettings.read(
            "# x\nnameserver 10.0.0.1\nnameserver fd00::1\nsearch a.example b.example\noptions ndots:2 timeout:1 attempts:3\n"
        )
        #expect(settings.servers == [SocketAddress("10.0.0.1:53")!, SocketAddress("[fd00::1]:53")!])
        #expect(settings.searchDomains == ["a.example", "b.example"])
        #expect(settings.dots == 2 && settings.timeoutMs == 1000 && settings.attempts == 3)
        #expect(DNSSettings.read("").servers == [SocketAddress("127.0.0.1:53")!])
    }
}
