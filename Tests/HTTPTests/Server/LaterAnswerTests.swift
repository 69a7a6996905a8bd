import Encoding
import Glibc
import HTTP
import Posix
import Synchronization
import Testing

@Suite struct LaterAnswerTests {
    /// Answers that tests give when they like.
    private final class Promises: Sendable {
        private let waiting = Monitor<[PendingResponse]>([])

        func add(_ pending: PendingResponse) {
            waiting.withLock { $0.append(pending) }
            waiting.wakeAll()
        }

        func next() throws -> PendingResponse {
            let taken = waiting.wait(atMostNs: 5_000_000_000) { $0.isEmpty ? nil : $0.removeFirst() }
            return try #require(taken)
        }
    }

    private static func promising(
        _ promises: Promises, options: (inout ServerOptions) -> Void = { _ in }
    ) throws -> TestServer {
        try TestServer(
            routes: { $0.get("/later", role: nil) { _, response in promises.add(response.later()) } },
            options: options)
    }

    private static let request = "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func requestsBehindAPromisedAnswerWaitForIt() throws {
        let promises = Promises()
        let server = try Self.promising(promises)
        let client = try server.connect()
        try client.send(Self.request + "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n" + Self.request)
        try promises.next().send(.ok, "first")
        #expect(try client.answer().text == "first")
        #expect(try client.answer().text == "hello\n")
        try promises.next().send(.created, "third")
        #expect(try client.answer().status == 201)
        #expect(try client.get("/hello").status == 200)
    }

    @Test func streamsInOrderToAReaderThatIsSlow() throws {
        let promises = Promises()
        let server = try Self.promising(promises)
        let client = try server.connect(receiveBufferBytes: 4096)
        try client.send(Self.request)
        let pending = try promises.next()
        let body = TestServer.counting(to: 4_000_000)
        let writer = try OwnedThread(name: "writer") {
            pending.begin(.ok, contentType: "application/octet-stream")
            for start in stride(from: 0, to: body.count, by: 10_000) {
                _ = pending.write(body.span.extracting(start..<(start + 10_000)))
            }
            pending.finish()
        }
        let answer = try client.answer()
        writer.join()
        #expect(answer["transfer-encoding"] == "chunked")
        #expect(answer.body == body)
        #expect(try client.get("/hello").status == 200)
    }

    @Test func aWriterWaitsForItsReader() throws {
        let promises = Promises()
        let server = try Self.promising(promises)
        let client = try server.connect(receiveBufferBytes: 4096)
        try client.send(Self.request)
        let pending = try promises.next()
        let written = Atomic<Int>(0)
        let piece = [UInt8](repeating: 1, count: 64 << 10)
        let writer = try OwnedThread(name: "writer") {
            pending.begin(.ok, contentType: "application/octet-stream")
            for _ in 0..<1_000 where pending.write(piece.span) { written.wrappingAdd(1, ordering: .relaxed) }
            pending.finish()
        }
        // Nobody reads: what the kernel and the queue hold is all that is written, far from 64 MB.
        let monitor = Monitor(0)
        _ = monitor.wait(atMostNs: 300_000_000) { _ -> Int? in nil }
        let held = written.load(ordering: .relaxed)
        #expect(held < 200)
        #expect(try client.answer().body.count == 1_000 * piece.count)
        writer.join()
    }

    @Test func streamsToHTTP10UntilTheEndOfTheConnection() throws {
        let promises = Promises()
        let server = try Self.promising(promises)
        let client = try server.connect()
        try client.send("GET /later HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        let pending = try promises.next()
        pending.begin(.ok, contentType: "text/plain")
        let isWritten = pending.write("abc".utf8.span)
        #expect(isWritten)
        pending.finish()
        let answer = try client.answer()
        #expect(answer["transfer-encoding"] == nil)
        #expect(answer.text == "abc")
    }

    @Test func tellsARunningHandlerThatItsClientWent() throws {
        let promises = Promises()
        let server = try Self.promising(promises)
        let cancellation = Cancellation()
        do {
            let client = try server.connect()
            try client.send(Self.request)
            let pending = try promises.next()
            pending.onClientGone { cancellation.raise() }
            #expect(!pending.isClientGone)
            client.endSending()
            #expect(TestServer.eventually { cancellation.isRaised && pending.isClientGone })
            // It may only have ended its own side, so that what is answered all the same reaches it.
            pending.send(.ok, "late")
            #expect(try client.answer().text == "late")
        }
        #expect(TestServer.eventually { server.server.connectionCount == 0 })
    }

    @Test func aResetEndsAPromisedAnswer() throws {
        let promises = Promises()
        let server = try Self.promising(promises)
        let pending: PendingResponse
        do {
            let client = try server.connect()
            try client.send(Self.request)
            pending = try promises.next()
            client.resetOnClose()
        }
        #expect(TestServer.eventually { pending.isClientGone && server.server.connectionCount == 0 })
        #expect(server.log.withLock { $0.map(\.status) } == [.clientClosedRequest])
        pending.send(.ok, "to nobody")
    }

    @Test func aDroppedPromiseIsAnsweredAndABrokenStreamIsNotTakenForWhole() throws {
        let promises = Promises()
        let server = try Self.promising(promises)
        let client = try server.connect()
        try client.send(Self.request)
        do { _ = try promises.next() }
        #expect(try client.answer().status == 500)
        try client.send(Self.request)
        do {
            let pending = try promises.next()
            pending.begin(.ok, contentType: "text/plain")
            _ = pending.write("a part".utf8.span)
        }
        #expect(throws: RawClient.Failure.self) { try client.answer() }
    }

    @Test func aFullPoolRefusesInsteadOfQueueing() throws {
        let pool = try HandlerPool(name: "query", threads: 1, waitingMax: 1)
        let gate = Monitor(false)
        let running = Monitor(0)
        let server = try TestServer(routes: {
            $0.get("/slow", role: nil) { _, response in
                pool.answer(&response) { pending in
                    running.withLock { $0 += 1 }
                    running.wakeAll()
                    _ = gate.wait(atMostNs: 5_000_000_000) { $0 ? true : nil }
                    pending.send(.ok, "done")
                }
            }
        })
        let request = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
        let clients = try (0..<3).map { _ in try server.connect() }
        var refused = 0
        try clients[0].send(request)
        #expect(running.wait(atMostNs: 5_000_000_000) { $0 == 1 ? true : nil } == true)
        // The thread is taken: of the other two one waits and one is refused; which is up to the scheduler.
        for client in clients.dropFirst() { try client.send(request) }
        #expect(TestServer.eventually { server.log.withLock { $0.contains { $0.status == .serviceUnavailable } } })
        gate.withLock { $0 = true }
        gate.wakeAll()
        for client in clients where try client.answer().status == 503 { refused += 1 }
        #expect(refused == 1)
        pool.stop()
    }
}

@Suite struct BodyCodingTests {
    @Test func decompressesBodies() throws {
        let server = try TestServer()
        let client = try server.connect()
        let body = Array(String(repeating: "a line of a log\n", count: 10_000).utf8)
        var gzip: [UInt8] = []
        var compressor = try GzipBodyCompressor()
        compressor.compress(body.span, appendingTo: &gzip)
        try client.send(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: \(gzip.count)\r\n\r\n")
        try client.send(gzip)
        #expect(try client.answer().body == body)
        // A body that is not compressed does not see what the one before it left behind.
        try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
        #expect(try client.answer().text == "abc")
    }

    @Test func refusesWhatExpandsBeyondTheBound() throws {
        let server = try TestServer()
        let client = try server.connect()
        let zeros = [UInt8](repeating: 0, count: 32 << 20)
        var bomb: [UInt8] = []
        var compressor = try GzipBodyCompressor()
        compressor.compress(zeros.span, appendingTo: &bomb)
        try client.send(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: \(bomb.count)\r\n\r\n")
        try client.send(bomb)
        #expect(try client.answer().status == 413)
    }

    @Test func refusesACorruptBody() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!")
        #expect(try client.answer().status == 400)
    }

    @Test(arguments: [false, true])
    func compressesAnswersForThoseWhoTakeIt(_ isStream: Bool) throws {
        let text = String(repeating: #"{"metric":{"__name__":"up"},"value":[1,"1"]}"#, count: 500)
        let server = try TestServer(routes: {
            $0.get("/text", role: nil) { _, response in
                if !isStream { return response.send(text, contentType: ContentType.json) }
                let pending = response.later()
                pending.begin(.ok, contentType: ContentType.json)
                _ = pending.write(text.utf8.span)
                pending.finish()
            }
        })
        let client = try server.connect()
        let plain = try client.get("/text")
        #expect(plain["content-encoding"] == nil)
        #expect(plain["vary"] == "Accept-Encoding")
        #expect(plain.text == text)
        try client.send("GET /text HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
        let packed = try client.answer()
        #expect(packed["content-encoding"] == "gzip")
        #expect(packed.body.count < text.utf8.count / 4)
        var unpacked: [UInt8] = []
        var decompressor = try GzipBodyDecompressor()
        try decompressor.decompress(
            packed.body.span, limit: ExpansionLimit(bytesMax: 1 << 20, ratioMax: 1_000), appendingTo: &unpacked)
        #expect(String(decoding: unpacked, as: UTF8.self) == text)
        try client.send("GET /hello HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
        #expect(try client.answer()["content-encoding"] == nil)
    }
}
