import Encoding
import Glibc
import HTTP
import Posix
import Testing

/// Bodies of the role `ingest` that are long work.
@Suite struct BesideLoopTests {
    /// Handlers that wait until a test lets them go on.
    private final class Doors: Sendable {
        private let state = Monitor((arrived: 0, open: 0))

        func pass() {
            state.withLock { $0.arrived += 1 }
            state.wakeAll()
            _ = state.wait(atMostNs: 20_000_000_000) { $0.open > 0 ? $0.open -= 1 : nil }
        }

        func open(_ count: Int = 1) {
            state.withLock { $0.open += count }
            state.wakeAll()
        }

        func waitForArrivals(_ count: Int) -> Bool {
            state.wait(atMostNs: 20_000_000_000) { $0.arrived >= count ? true : nil } == true
        }
    }

    private static func taking(
        _ doors: Doors, options: (inout ServerOptions) -> Void = { _ in }
    ) throws -> TestServer {
        try TestServer(
            routes: {
                $0.post("/take/:name", role: .ingest) { request, response in
                    doors.pass()
                    response.fields.append("X-Name", request.parameter("name"))
                    response.send(request.body, contentType: "application/octet-stream")
                }
            },
            options: {
                $0.workers = 1
                $0.besideBytesMin = 1000
                options(&$0)
            })
    }

    private static func post(_ body: [UInt8], coding: String = "") -> [UInt8] {
        Array("POST /take/a%20b HTTP/1.1\r\nHost: a\r\n\(coding)Content-Length: \(body.count)\r\n\r\n".utf8) + body
    }

    @Test func othersAreServedWhileALargeBodyIsTaken() throws {
        let doors = Doors()
        let server = try Self.taking(doors)
        let sender = try server.connect()
        let body = TestServer.counting(to: 300_000)
        try sender.send(Self.post(body))
        #expect(doors.waitForArrivals(1))
        #expect(try server.connect().get("/hello").text == "hello\n")
        doors.open()
        let answer = try sender.answer()
        #expect(answer.body == body)
        #expect(answer["x-name"] == "a b")
    }

    @Test func whatCameBehindALargeBodyIsAnsweredBehindIt() throws {
        let doors = Doors()
        let server = try Self.taking(doors)
        let client = try server.connect()
        let bodies = [1000, 5000, 1].map { TestServer.counting(to: $0) }
        let hello = Array("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        doors.open(3)
        try client.send(bodies.flatMap { Self.post($0) + hello })
        for body in bodies {
            #expect(try client.answer().body == body)
            #expect(try client.answer().text == "hello\n")
        }
    }

    @Test func aCompressedBodyIsExpandedAndABrokenOneRefused() throws {
        let doors = Doors()
        let server = try Self.taking(doors) { $0.besideBytesMin = 9 }
        let client = try server.connect()
        doors.open()
        let body = TestServer.counting(to: 300_000)
        var gzip: [UInt8] = []
        var compressor = try GzipBodyCompressor()
        compressor.compress(body.span, appendingTo: &gzip)
        try client.send(Self.post(gzip, coding: "Content-Encoding: gzip\r\n"))
        #expect(try client.answer().body == body)
        try client.send(Self.post(Array("not gzip!".utf8), coding: "Content-Encoding: gzip\r\n"))
        #expect(try client.answer().status == 400)
        #expect(try client.get("/hello").status == 200)
    }

    @Test func moreThanMayWaitAreToldToComeAgain() throws {
        let doors = Doors()
        let server = try Self.taking(doors) { $0.besideWaitingMax = 1 }
        let body = TestServer.counting(to: 1000)
        let handled = try server.connect()
        try handled.send(Self.post(body))
        #expect(doors.waitForArrivals(1))
        let others = try [server.connect(), server.connect()]
        for client in others { try client.send(Self.post(body)) }
        // Of these one waits; the other is answered while nothing goes on.
        var readable = others.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        #expect(unsafe poll(&readable, 2, 20_000) == 1)
        let refused = readable[0].revents != 0 ? 0 : 1
        let refusal = try others[refused].answer()
        #expect(refusal.status == 503)
        #expect(refusal["retry-after"] == "1")
        doors.open(2)
        #expect(try handled.answer().body == body)
        #expect(try others[1 - refused].answer().body == body)
    }
}
