import Glibc
import Posix
import TestSupport
import Testing

@Suite struct SocketTests {
    private struct Nobody: Error {}

    @Test(arguments: [
        ("127.0.0.1:9440", "127.0.0.1:9440", true), ("localhost:1", "127.0.0.1:1", true),
        (":80", "0.0.0.0:80", false), ("[::1]:9440", "[::1]:9440", true),
        ("[2001:DB8::0:1]:1", "[2001:db8::1]:1", false),
        ("[::ffff:127.0.0.1]:5", "[::ffff:127.0.0.1]:5", true), ("unix:/run/obs.sock", "unix:/run/obs.sock", true),
        ("10.1.2.3:65535", "10.1.2.3:65535", false),
    ])
    func readsAddresses(_ text: String, _ shown: String, _ isLoopback: Bool) throws {
        let address = try #require(SocketAddress(text))
        #expect(address.description == shown)
        #expect(address.isLoopback == isLoopback)
    }

    @Test(arguments: [
        "", "9440", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:-1", "127.0.0.256:1", "example.com:80",
        "::1:80", "[::1]", "[::1", "[zz]:1", "unix:", "unix:/\(String(repeating: "a", count: 200))",
    ])
    func refusesWhatIsNoAddress(_ text: String) {
        #expect(SocketAddress(text) == nil)
    }

    /// Nobody sends a lost datagram again. The system's limit may be lower for others than root.
    @Test(.enabled(if: geteuid() == 0, "asks for a larger buffer than others than root may have"))
    func manyDatagramsWaitForTheirReceiver() throws {
        let receiver = try Socket.datagrams(on: .loopback(port: 0))
        let sender = try Socket.datagrams(to: try receiver.localAddress())
        let message = Array("<134>1 2026-11-21T10:00:00Z host app 7 - - the same again".utf8)
        for _ in 0..<2000 { #expect(sender.write(message.span) == .moved(message.count)) }
        var received = 0
        while true {
            var datagram: [UInt8] = []
            guard case .moved = receiver.read(appendingTo: &datagram, atMost: 65_535) else { break }
            #expect(datagram == message)
            received += 1
        }
        #expect(received == 2000)
    }

    @Test func tellsHowManyDatagramsFoundNoRoom() throws {
        let receiver = try Socket.datagrams(on: .loopback(port: 0))
        let sender = try Socket.datagrams(to: try receiver.localAddress())
        let message = Array("same".utf8)
        var sent = 0
        while receiver.lostDatagrams() < 100, sent < 1_000_000 {
            let outcome = sender.write(message.span)
            #expect(outcome == .moved(message.count))
            sent += 1
        }
        var received = 0
        var datagram: [UInt8] = []
        while case .moved = receiver.read(appendingTo: &datagram, atMost: 65_535) { received += 1 }
        let lost = Int(receiver.lostDatagrams())
        #expect(lost == 100 && received + lost == sent)
    }

    @Test func replacesASocketFileThatNobodyListensOn() throws {
        let path = "/tmp/obs-socket-test-\(getpid())"
        let address = SocketAddress.unix(path: path)
        defer { unsafe unlink(path) }
        do { _ = try Socket.listening(on: address) }
        let listener = try Socket.listening(on: address)
        #expect(throws: SystemError.self) { _ = try Socket.listening(on: address) }
        let client = try Socket.connecting(to: address)
        // The refused listener looked whether somebody is there: that is the first connection.
        _ = try listener.accept()
        guard let accepted = try listener.accept() else { throw Nobody() }
        #expect(client.write("abc".utf8.span) == .moved(3))
        var buffer = SocketBuffer(capacity: 16)
        #expect(buffer.read(from: accepted.takeSocket()) == .moved(3))
        #expect(buffer.bytes.count == 3 && buffer.bytes[0] == UInt8(ascii: "a"))
    }

    @Test func tellsWhyAConnectFailed() throws {
        let free = try Socket.listening(on: .loopback(port: 0)).localAddress()
        let socket = try Socket.connecting(to: free)
        var event = pollfd(fd: socket.descriptor, events: Int16(POLLOUT), revents: 0)
        unsafe poll(&event, 1, 5_000)
        #expect(socket.connectFailure() == ECONNREFUSED)
    }

    @Test func aBufferWithoutMemoryTakesNothing() {
        let some: [UInt8] = [1]
        var buffer = SocketBuffer()
        buffer.append(some.span.extracting(1..<1))
        buffer.append("")
        #expect(buffer.isEmpty && buffer.capacity == 0)
    }

    @Test func aBufferKeepsItsBytesThroughGrowthAndMoves() {
        var generator = SeededGenerator(seed: UInt64.random(in: .min ... .max))
        print("seed \(generator.seed)")
        var buffer = SocketBuffer()
        var model: [UInt8] = []
        for _ in 0..<2_000 {
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                let bytes = (0..<Int.random(in: 0...300, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
                buffer.append(bytes.span)
                model += bytes
            case 1:
                let count = Int.random(in: 0...model.count, using: &generator)
                buffer.consume(count)
                model.removeFirst(count)
            case 2 where !model.isEmpty:
                let source = Int.random(in: 0..<model.count, using: &generator)
                let target = Int.random(in: 0...source, using: &generator)
                let count = Int.random(in: 0...(model.count - source), using: &generator)
                buffer.move(from: source, to: target, count: count)
                let moved = Array(model[source..<(source + count)])
                model.replaceSubrange(target..<(target + count), with: moved)
            default:
                let count = Int.random(in: 0...min(10, model.count), using: &generator)
                buffer.removeLast(count)
                model.removeLast(count)
            }
            #expect(buffer.count == model.count)
            let bytes = buffer.bytes
            #expect(bytes.indices.allSatisfy { bytes[$0] == model[$0] })
        }
    }
}
