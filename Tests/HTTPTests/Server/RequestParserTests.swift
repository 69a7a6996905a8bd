import HTTP
import Testing

@Suite struct RequestParserTests {
    struct Refused: Sendable, CustomTestStringConvertible {
        let name: String
        let status: Int
        let request: String

        init(_ name: String, _ status: Int, _ request: String) {
            self.name = name
            self.status = status
            self.request = request
        }

        var testDescription: String { name }
    }

    private static func post(_ fields: String) -> String { "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n" }

    /// The statuses are those that RFC 9112 and RFC 9110 name for each fault.
    static let refused = [
        Refused("LF ends the request line", 400, "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        Refused("LF ends a field", 400, "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"),
        Refused("LF ends the head", 400, "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        Refused("CR within a value", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"),
        Refused("NUL within a value", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"),
        Refused("NUL within a name", 400, "GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n"),
        Refused("folded field", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"),
        Refused("field folded with a tab", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n"),
        Refused("blank before the first field", 400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        Refused("blank before the colon", 400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
        Refused("tab before the colon", 400, Self.post("Content-Length\t: 3")),
        Refused("no colon", 400, "GET / HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n"),
        Refused("empty name", 400, "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"),
        Refused("no Host", 400, "GET / HTTP/1.1\r\n\r\n"),
        Refused("two Hosts", 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
        Refused("Host with a user", 400, "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
        Refused("Host with a path", 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        Refused("list of Hosts", 400, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
        Refused("absolute form", 400, "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        Refused("authority form", 400, "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"),
        Refused("asterisk with GET", 400, "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
        Refused("asterisk with more", 400, "OPTIONS *x HTTP/1.1\r\nHost: a\r\n\r\n"),
        Refused("fragment", 400, "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n"),
        Refused("control character in the target", 400, "GET /\u{1} HTTP/1.1\r\nHost: a\r\n\r\n"),
        Refused("tab in the request line", 400, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        Refused("two blanks", 400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Refused("blank behind the version", 400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
        Refused("target of two words", 400, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
        Refused("no version", 400, "GET /\r\nHost: a\r\n\r\n"),
        Refused("HTTP/0.9", 505, "GET / HTTP/0.9\r\nHost: a\r\n\r\n"),
        Refused("HTTP/2.0", 505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
        Refused("version of two digits", 400, "GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
        Refused("lower case version", 400, "GET / http/1.1\r\nHost: a\r\n\r\n"),
        Refused("TLS on a plain port", 400, "\u{16}\u{3}\u{1}\u{0}"),
        Refused("begins with a blank", 400, " GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Refused("two Content-Lengths that differ", 400, Self.post("Content-Length: 3\r\nContent-Length: 4")),
        Refused("two Content-Lengths alike", 400, Self.post("Content-Length: 3\r\nContent-Length: 3")),
        Refused("list of Content-Lengths", 400, Self.post("Content-Length: 3, 3")),
        Refused("Content-Length with a sign", 400, Self.post("Content-Length: +3")),
        Refused("negative Content-Length", 400, Self.post("Content-Length: -3")),
        Refused("hexadecimal Content-Length", 400, Self.post("Content-Length: 0x3")),
        Refused("empty Content-Length", 400, Self.post("Content-Length: ")),
        Refused("Content-Length beyond 64 bits", 400, Self.post("Content-Length: 18446744073709551617")),
        Refused("Content-Length of two words", 400, Self.post("Content-Length: 3 4")),
        Refused("both lengths", 400, Self.post("Content-Length: 3\r\nTransfer-Encoding: chunked")),
        Refused("both lengths, other order", 400, Self.post("Transfer-Encoding: chunked\r\nContent-Length: 3")),
        Refused("two Transfer-Encodings", 400, Self.post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")),
        Refused("chunked twice", 400, Self.post("Transfer-Encoding: chunked, chunked")),
        Refused("chunked is not last", 400, Self.post("Transfer-Encoding: chunked, gzip")),
        Refused("chunked with a vertical tab", 400, Self.post("Transfer-Encoding: \u{b}chunked")),
        Refused("nearly chunked", 400, Self.post("Transfer-Encoding: xchunked")),
        Refused("identity", 400, Self.post("Transfer-Encoding: identity")),
        Refused("gzip before chunked", 501, Self.post("Transfer-Encoding: gzip, chunked")),
        Refused("chunked in HTTP/1.0", 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        Refused("unknown expectation", 417, Self.post("Expect: a miracle")),
        Refused("request line too long", 414, "GET /\(String(repeating: "a", count: 17_000)) HTTP/1.1\r\n\r\n"),
        Refused(
            "fields too long", 431,
            "GET / HTTP/1.1\r\nHost: a\r\n"
                + (0..<40).map { "X\($0): \(String(repeating: "b", count: 1_000))\r\n" }
                .joined() + "\r\n"),
        Refused(
            "too many fields", 431,
            "GET / HTTP/1.1\r\nHost: a\r\n" + (0..<200).map { "X\($0): b\r\n" }.joined() + "\r\n"),
    ]

    @Test(arguments: refused)
    func refusesWhatCouldBeReadInTwoWays(_ fault: Refused) throws {
        let error = #expect(throws: RequestRefusal.self) {
            _ = try RequestParser.parse(fault.request.utf8.span)
        }
        #expect(error?.status.rawValue == fault.status)
    }

    @Test func readsAPlainRequest() throws {
        let text = "POST /a/b?c=d HTTP/1.1\r\nHost: a:80\r\nContent-Length:  12 \r\nX-Empty:\r\n\r\n"
        let (head, bodyStart) = try #require(try RequestParser.parse(text.utf8.span))
        #expect(head.method == .post)
        #expect(head.body == .length(12))
        #expect(head.keepsAlive)
        #expect(bodyStart == text.utf8.count)
    }

    @Test func takesTheFieldNamesInAnyCase() throws {
        let text = "POST / HTTP/1.1\r\nhOST: a\r\ntRANSFER-eNCODING: CHUNKED\r\nconnection: Keep-Alive, CLOSE\r\n\r\n"
        let (head, _) = try #require(try RequestParser.parse(text.utf8.span))
        #expect(head.body == .chunked)
        #expect(!head.keepsAlive)
    }

    @Test func keepsHTTP10OpenOnlyWhenAsked() throws {
        let (plain, _) = try #require(try RequestParser.parse("GET / HTTP/1.0\r\n\r\n".utf8.span))
        #expect(!plain.keepsAlive)
        let asked = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
        let (kept, _) = try #require(try RequestParser.parse(asked.utf8.span))
        #expect(kept.keepsAlive)
    }

    @Test(arguments: [
        ("gzip", true), ("deflate, gzip;q=0.5", true), ("GZIP", true), ("*", true), ("gzip;q=0", false),
        ("gzip; q=0.000", false), ("br", false), ("", false),
    ])
    func knowsWhoAcceptsGzip(_ value: String, _ accepts: Bool) throws {
        let text = "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: \(value)\r\n\r\n"
        let (head, _) = try #require(try RequestParser.parse(text.utf8.span))
        #expect(head.acceptsGzip == accepts)
    }

    @Test func asksForMoreAtEveryCut() throws {
        let text = Array("GET /x?y HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n".utf8)
        for cut in 0..<text.count {
            #expect(try RequestParser.parse(text.span.extracting(0..<cut)) == nil, "cut at \(cut)")
        }
        #expect(try RequestParser.parse(text.span) != nil)
    }
}
