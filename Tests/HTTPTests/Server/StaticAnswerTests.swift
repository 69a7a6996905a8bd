import HTTP
import Testing

@Suite struct StaticAnswerTests {
    private static func server() throws -> TestServer {
        let page = StaticAnswer(Array("a page".utf8), contentType: ContentType.html, maxAgeSeconds: 60)
        let other = StaticAnswer(Array("another".utf8), contentType: ContentType.html)
        return try TestServer(routes: { router in
            router.get("/page", role: nil) { page.send(to: $0, &$1) }
            router.get("/other", role: nil) { other.send(to: $0, &$1) }
        })
    }

    private static func get(_ path: String, _ held: String?, _ client: RawClient) throws -> RawClient.Answer {
        let field = held.map { "If-None-Match: \($0)\r\n" } ?? ""
        try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\(field)\r\n")
        return try client.answer()
    }

    @Test func aClientThatHasTheBodyIsToldSo() throws {
        let server = try Self.server()
        let client = try server.connect()
        let first = try Self.get("/page", nil, client)
        #expect(first.status == 200 && first.text == "a page")
        #expect(first["cache-control"] == "max-age=60")
        let tag = try #require(first["etag"])
        let strong = String(tag.dropFirst(2))
        #expect(tag == "W/" + strong && strong.hasPrefix("\"") && strong.hasSuffix("\""))
        for held in [tag, strong, "*", "\"x\", \(tag)", "W/\"x\" ,\(strong)"] {
            let again = try Self.get("/page", held, client)
            #expect(again.status == 304 && again.body.isEmpty, "If-None-Match: \(held)")
            #expect(again["etag"] == tag && again["content-length"] == nil)
        }
        for held in ["\"x\"", "", strong.replacing("\"", with: "")] {
            #expect(try Self.get("/page", held, client).text == "a page", "If-None-Match: \(held)")
        }
        #expect(try Self.get("/other", tag, client).text == "another")
    }
}
