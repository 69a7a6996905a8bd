import Foundation
import HTTP
import Posix
import Testing

@Suite struct WebSocketTests {
    private static func addRoutes(_ router: inout Router) {
        var options = WebSocketOptions()
        options.silenceNs = 500_000_000
        router.get("/echo-socket", role: nil) { [options] request, response in
            _ = response.webSocket(
                for: request, WebSocketEvents(onMessage: { socket, kind, bytes in _ = socket.send(bytes, as: kind) }),
                options)
        }
        router.get("/closing-socket", role: nil) { request, response in
            response.webSocket(for: request, WebSocketEvents())?.close(WebSocketClose(4000, "as asked"))
        }
        router.get("/flood-socket", role: nil) { request, response in
            guard let socket = response.webSocket(for: request, WebSocketEvents()) else { return }
            Self.flood(socket)
        }
        router.get("/patient-socket", role: nil) { request, response in
            guard let socket = response.webSocket(for: request, WebSocketEvents()) else { return }
            Self.sendPatiently(socket)
        }
    }

    /// Sends from a thread of its own until the queue is full, then the number of what was sent.
    private static func flood(_ socket: WebSocket) {
        Thread.detachNewThread {
            let piece = [UInt8](repeating: 7, count: 64 << 10)
            var sent = 0
            while case .queued = socket.send(piece.span, as: .binary) { sent += 1 }
            while case .full = socket.send("\(sent)") { usleep(1_000) }
        }
    }

    /// Sends far more than the kernel takes for a client that does not read, each piece once there is room for it.
    private static func sendPatiently(_ socket: WebSocket) {
        Thread.detachNewThread {
            let piece = [UInt8](repeating: 7, count: 64 << 10)
            for _ in 0..<500 {
                while case .full = socket.send(piece.span, as: .binary) { usleep(1_000) }
            }
            while case .full = socket.send("500") { usleep(1_000) }
        }
    }

    /// If this fails for want of python3 or its package: scripts/test installs them.
    @Test(arguments: ["messages", "fragments", "pings", "close_codes", "too_large", "slow_reader", "blocked"])
    func agreesWithPythonsClient(_ scenario: String) throws {
        let server = try TestServer(routes: Self.addRoutes)
        let script = Foundation.URL(fileURLWithPath: #filePath).appendingPathComponent(
            "../../../Peers/websocket_peer.py"
        )
        .standardizedFileURL.path
        let (status, output) = try PeerProcess.run(["python3", script, "\(server.address.port ?? 0)", scenario])
        #expect(status == 0, "\(output)")
        #expect(TestServer.eventually { server.server.connectionCount == 0 })
    }

    private static let handshake =
        "GET /echo-socket HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

    private static func open(_ server: TestServer) throws -> RawClient {
        let client = try server.connect()
        try client.send(handshake + "\r\n")
        _ = try client.answer()
        return client
    }

    /// A client's frame, masked with zeros, which leaves the payload readable.
    private static func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [first, 0x80 | UInt8(payload.count), 0, 0, 0, 0] + payload
    }

    /// The key and its answer are those of RFC 6455, 1.3.
    @Test func answersTheHandshakeOfTheStandard() throws {
        let server = try TestServer(routes: Self.addRoutes)
        let client = try server.connect()
        // The first frame may come with the handshake.
        try client.send(Array((Self.handshake + "\r\n").utf8) + Self.frame(0x81, Array("hi".utf8)))
        let answer = try client.answer()
        #expect(answer.status == 101)
        #expect(answer["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(try client.read(4) == [0x81, 2] + Array("hi".utf8))
    }

    @Test(arguments: [
        ("Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", 426),
        ("Sec-WebSocket-Version: 13", 400),
        ("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short", 400),
        (
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: https://evil.example",
            403
        ),
        ("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://a", 101),
    ])
    func refusesOtherHandshakes(_ fields: String, _ status: Int) throws {
        let server = try TestServer(routes: Self.addRoutes)
        let client = try server.connect()
        try client.send(
            "GET /echo-socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\(fields)\r\n\r\n")
        #expect(try client.answer().status == status)
        #expect(try server.connect().get("/echo-socket").status == 426)
    }

    static let faults: [(String, [UInt8], Int)] = [
        ("no mask", [0x81, 1, 65], 1002),
        ("reserved bit", Self.frame(0xc1, [65]), 1002),
        ("unknown opcode", Self.frame(0x83, [65]), 1002),
        ("unknown control opcode", Self.frame(0x8b, []), 1002),
        ("fragmented ping", Self.frame(0x09, []), 1002),
        ("long ping", [0x89, 0xfe, 0, 126, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 126), 1002),
        ("continuation of nothing", Self.frame(0x80, [65]), 1002),
        ("text inside of a text", Self.frame(0x01, [65]) + Self.frame(0x81, [65]), 1002),
        ("length not in the shortest form", [0x82, 0xfe, 0, 5, 0, 0, 0, 0, 1, 2, 3, 4, 5], 1002),
        ("length of more than 63 bits", [0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1009),
        ("text that is not UTF-8", Self.frame(0x81, [0xff]), 1007),
        ("character cut by the end", Self.frame(0x01, [0xe2, 0x82]) + Self.frame(0x80, []), 1007),
        ("close of one byte", Self.frame(0x88, [3]), 1002),
        ("close with a code that may not be sent", Self.frame(0x88, [3, 0xed]), 1002),
        ("close with a reason that is not UTF-8", Self.frame(0x88, [3, 0xe8, 0xff]), 1007),
        ("close with a code", Self.frame(0x88, [3, 0xe8, 65]), 1000),
    ]

    @Test(arguments: faults)
    func endsWithTheCodeOfTheFault(_ name: String, _ frames: [UInt8], _ code: Int) throws {
        let server = try TestServer(routes: Self.addRoutes)
        let client = try Self.open(server)
        try client.send(frames)
        let answer = try client.readToEnd()
        #expect(answer.count >= 4 && answer[0] == 0x88, "\(name): \(answer)")
        #expect(answer.count >= 4 && Int(answer[2]) << 8 | Int(answer[3]) == code, "\(name): \(answer)")
    }

    @Test func aCharacterMayBeSpreadOverFragments() throws {
        let server = try TestServer(routes: Self.addRoutes)
        let client = try Self.open(server)
        // A ping may come between the fragments.
        try client.send(
            Self.frame(0x01, [0xe2, 0x82]) + Self.frame(0x89, [1]) + Self.frame(0x80, [0xac]))
        #expect(try client.read(3) == [0x8a, 1, 1])
        #expect(try client.read(5) == [0x81, 3, 0xe2, 0x82, 0xac])
    }

    @Test func givesUpAClientThatShowsNoSignOfLife() throws {
        let server = try TestServer(routes: Self.addRoutes)
        let client = try Self.open(server)
        #expect(try client.read(2) == [0x89, 0])
        #expect(try client.isEnded())
        #expect(TestServer.eventually { server.server.connectionCount == 0 })
    }

    @Test func tellsItsClientsThatTheServerStops() throws {
        let server = try TestServer(routes: Self.addRoutes)
        let client = try Self.open(server)
        server.server.stop(drainingAtMostNs: 2_000_000_000)
        let answer = try client.readToEnd()
        #expect(answer.starts(with: [0x88]) && Int(answer[2]) << 8 | Int(answer[3]) == 1001)
    }
}
