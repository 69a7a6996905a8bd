import Glibc
import HTTP
import Posix
import Testing

@Suite struct ProtocolTortureTests {
    @Test(arguments: RequestParserTests.refused)
    func refusesOverTheWireAndCloses(_ fault: RequestParserTests.Refused) throws {
        let server = try TestServer()
        let client = try server.connect()
        // What follows must not be taken for a request of its own.
        try client.send(fault.request + "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.answer().status == fault.status)
        #expect(try client.isEnded())
        #expect(TestServer.eventually { server.server.connectionCount == 0 })
    }

    static let faultyBodies: [(String, Int)] = [
        ("5\r\nabcdeXX0\r\n\r\n", 400),
        ("5\nabcde\r\n0\r\n\r\n", 400),
        ("5\r\nabcde\n0\r\n\r\n", 400),
        ("5 \r\nabcde\r\n0\r\n\r\n", 400),
        (" 5\r\nabcde\r\n0\r\n\r\n", 400),
        ("0x5\r\nabcde\r\n0\r\n\r\n", 400),
        ("-5\r\nabcde\r\n0\r\n\r\n", 400),
        ("g\r\nabcde\r\n0\r\n\r\n", 400),
        ("\r\nabcde\r\n0\r\n\r\n", 400),
        ("fffffffffffffffff\r\nabcde", 400),
        ("fffffffffffffff\r\nabcde", 413),
        ("400001\r\nabcde", 413),
        ("5;\u{1}\r\nabcde\r\n0\r\n\r\n", 400),
        ("5;\(String(repeating: "x", count: 5_000))\r\nabcde\r\n0\r\n\r\n", 400),
        ("0\r\nTrailer: a\n\r\n", 400),
        ((0..<100).map { _ in "1;\(String(repeating: "x", count: 1_000))\r\na\r\n" }.joined(), 431),
    ]

    @Test(arguments: faultyBodies)
    func refusesFaultyChunks(_ body: String, _ status: Int) throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
        #expect(try client.answer().status == status)
        #expect(try client.isEnded())
    }

    @Test(arguments: ["5\r\nabc", "5\r\n", "5", "5\r\nabcde\r\n0\r\n", ""])
    func refusesABodyThatBreaksOff(_ body: String) throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
        client.endSending()
        #expect(try client.answer().status == 400)
        #expect(try client.isEnded())
    }

    @Test func refusesABodyBeyondTheBoundBeforeItArrives() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n")
        let answer = try client.answer()
        #expect(answer.status == 413)
        #expect(answer.text.contains("4194304"))
    }

    @Test func cutsOffAHeadThatTrickles() throws {
        let server = try TestServer(options: { $0.headNs = 200_000_000 })
        let client = try server.connect()
        try client.send("GET / HTTP/1.1\r\nHost: ")
        #expect(try client.answer().status == 408)
        #expect(try client.isEnded())
    }

    @Test func cutsOffABodyThatTrickles() throws {
        let server = try TestServer(options: { $0.rateWindowNs = 200_000_000 })
        let client = try server.connect()
        try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc")
        #expect(try client.answer().status == 408)
        #expect(try client.isEnded())
    }

    @Test func cutsOffAReaderThatDoesNotRead() throws {
        let server = try TestServer(options: { $0.rateWindowNs = 200_000_000 })
        let client = try server.connect(receiveBufferBytes: 4096)
        try client.send("GET /big/12000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(TestServer.eventually { server.server.connectionCount == 1 })
        #expect(TestServer.eventually { server.server.connectionCount == 0 })
    }

    @Test func closesConnectionsThatSayNothing() throws {
        let server = try TestServer(options: {
            $0.firstByteNs = 100_000_000
            $0.idleNs = 200_000_000
        })
        let silent = try server.connect()
        #expect(try silent.isEnded())
        let idle = try server.connect()
        #expect(try idle.get("/hello").status == 200)
        #expect(try idle.isEnded())
    }

    @Test func turnsAwayConnectionsBeyondTheBound() throws {
        let server = try TestServer(options: { $0.connectionsMax = 2 })
        let kept = [try server.connect(), try server.connect()]
        for client in kept { #expect(try client.get("/hello").status == 200) }
        let refused = try server.connect().answer()
        #expect(refused.status == 503)
        #expect(refused["retry-after"] != nil)
        for client in kept { #expect(try client.get("/hello").status == 200) }
    }

    @Test func leaksNoDescriptorWhenClientsComeAndGo() throws {
        let server = try TestServer()
        for round in 0..<1_000 {
            let client = try server.connect()
            switch round % 5 {
            case 0: try client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            case 1: try client.send("GET /he")
            case 2: client.resetOnClose()
            case 3: try client.send("nonsense\r\n\r\n")
            default: #expect(try client.get("/hello").status == 200)
            }
        }
        #expect(TestServer.eventually { server.server.connectionCount == 0 })
        #expect(TestServer.eventually { descriptors(on: server.address) == 1 })
        #expect(try server.connect().get("/hello").status == 200)
    }

    /// How many sockets of this process are bound to the server's address: the listener and what it accepted.
    private func descriptors(on address: SocketAddress) -> Int {
        (Int32(0)..<8192).count { descriptor in
            var bound = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = unsafe withUnsafeMutablePointer(to: &bound) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe getsockname(descriptor, $0, &length)
                }
            }
            return result == 0 && bound.sin_family == sa_family_t(AF_INET)
                && UInt16(bigEndian: bound.sin_port) == address.port
        }
    }
}
