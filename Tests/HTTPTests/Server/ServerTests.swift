import HTTP
import Posix
import Testing

@Suite struct ServerTests {
    @Test func answersAndKeepsTheConnection() throws {
        let server = try TestServer()
        let client = try server.connect()
        for _ in 0..<3 {
            let answer = try client.get("/hello")
            #expect(answer.status == 200)
            #expect(answer.text == "hello\n")
            #expect(answer["content-type"] == "text/plain; charset=utf-8")
            #expect(answer["date"]?.hasSuffix(" GMT") == true)
        }
    }

    @Test func answersPipelinedRequestsInTheirOrder() throws {
        let server = try TestServer()
        let client = try server.connect()
        let count = 500
        try client.send(
            (0..<count).map { "GET /label/n\($0)/values HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
        for index in 0..<count { #expect(try client.answer().text == "n\(index)") }
    }

    @Test func answersARequestThatComesByteByByte() throws {
        let server = try TestServer()
        let client = try server.connect()
        for byte
            in "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcdeGET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
            .utf8
        {
            try client.send([byte])
        }
        #expect(try client.answer().text == "abcde")
        #expect(try client.answer().text == "hello\n")
    }

    @Test(arguments: [0, 1, 1_000, 65_536, 70_000, 1 << 20, 4 << 20])
    func echoesBodiesOfEverySize(_ count: Int) throws {
        let server = try TestServer()
        let client = try server.connect()
        let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        for _ in 0..<2 {
            try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n")
            try client.send(body)
            #expect(try client.answer().body == body)
        }
    }

    @Test(arguments: [1, 7, 4_096, 100_000])
    func putsChunkedBodiesTogether(_ chunk: Int) throws {
        let server = try TestServer()
        let client = try server.connect()
        let body = (0..<(min(300_000, chunk * 500))).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var message = Array("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        var start = 0
        while start < body.count {
            let end = min(start + chunk, body.count)
            message += Array("\(String(end - start, radix: 16))\(start == 0 ? ";name=value" : "")\r\n".utf8)
            message += body[start..<end]
            message += Array("\r\n".utf8)
            start = end
        }
        message += Array("0\r\nTrailer: dropped\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        try client.send(message)
        #expect(try client.answer().body == body)
        #expect(try client.answer().text == "hello\n")
    }

    @Test func tellsToContinueBeforeTheBody() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        #expect(try client.answer().status == 100)
        try client.send("abc")
        #expect(try client.answer().text == "abc")
    }

    @Test func refusesTheBodyOfWhoeverExpectsAndIsNotLetIn() throws {
        let server = try TestServer(gate: { _, _ in
            .refused(RequestRefusal(.unauthorized, "who are you"), challenge: "Bearer")
        })
        let client = try server.connect()
        try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        let answer = try client.answer()
        #expect(answer.status == 401)
        #expect(answer["www-authenticate"] == "Bearer")
        #expect(try client.isEnded())
    }

    @Test func answersHeadWithoutTheBody() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try client.answer(toHead: true)
        #expect(answer.status == 200)
        #expect(answer["content-length"] == "6")
        #expect(try client.get("/hello").text == "hello\n")
    }

    @Test func namesTheMethodsOfAPath() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send("DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        let refused = try client.answer()
        #expect(refused.status == 405)
        #expect(refused["allow"] == "GET, HEAD, OPTIONS")
        try client.send("OPTIONS /echo HTTP/1.1\r\nHost: a\r\n\r\n")
        let options = try client.answer()
        #expect(options.status == 204)
        #expect(options["allow"] == "POST, OPTIONS")
        try client.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.answer().status == 204)
        #expect(try client.get("/nowhere").status == 404)
        try client.send("TRACE /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.answer().status == 405)
        try client.send("BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.answer().status == 405)
    }

    @Test func closesHTTP10AfterTheAnswer() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send("GET /hello HTTP/1.0\r\n\r\n")
        let answer = try client.answer()
        #expect(answer.text == "hello\n")
        #expect(answer["connection"] == "close")
        #expect(try client.isEnded())
    }

    @Test func answersAClientThatEndsItsSide() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        client.endSending()
        #expect(try client.answer().text == "hello\n")
        #expect(try client.isEnded())
    }

    @Test func givesLargeAnswersToSlowReadersWhole() throws {
        let server = try TestServer()
        let client = try server.connect(receiveBufferBytes: 4096)
        try client.send("GET /big/3000000 HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try client.answer()
        #expect(answer.body == TestServer.counting(to: 3_000_000))
        #expect(try client.answer().text == "hello\n")
    }

    @Test func writesWhatItServedIntoTheAccessLog() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send("POST /echo?secret=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
        _ = try client.answer()
        #expect(TestServer.eventually { server.log.withLock { $0.count } == 1 })
        let record = try #require(server.log.withLock { $0.first })
        #expect(record.method == .post)
        #expect(record.path == "/echo")
        #expect(record.pattern == "/echo")
        #expect(record.status == .ok)
        #expect(record.receivedBytes == 3 && record.sentBytes == 3)
    }

    @Test func lettingGoDrainsWhatHasBegun() throws {
        // With one worker, the end of the idle connection shows that the drain has begun for the busy one too.
        let server = try TestServer(options: { $0.workers = 1 })
        let idle = try server.connect()
        _ = try idle.get("/hello")
        let busy = try server.connect()
        try busy.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na")
        #expect(TestServer.eventually { server.server.connectionCount == 2 })
        let stopping = try OwnedThread(name: "stopping") { [server = server.server] in
            server.stop(drainingAtMostNs: 3_000_000_000)
        }
        #expect(try idle.isEnded())
        try busy.send("bc")
        let answer = try busy.answer()
        #expect(answer.text == "abc")
        #expect(answer["connection"] == "close")
        #expect(try busy.isEnded())
        stopping.join()
        #expect(throws: RawClient.Failure.self) { try server.connect() }
    }
}
