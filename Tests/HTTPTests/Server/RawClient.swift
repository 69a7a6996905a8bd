import Glibc
import Posix

/// A blocking client that sends exactly the bytes it is told, for a server on loopback.
final class RawClient {
    enum Failure: Error {
        case cannotConnect(Int32)
        case cannotSend(Int32)
        case tookTooLong(received: String)
        case notAnAnswer(String)
    }

    struct Answer: Equatable {
        var status: Int
        /// Names in lower case.
        var fields: [(name: String, value: String)]
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }

        static func == (one: Answer, other: Answer) -> Bool { one.status == other.status && one.body == other.body }
    }

    let descriptor: Int32
    private var received: [UInt8] = []
    /// How much of `received` was handed out.
    private var taken = 0
    private(set) var sawEnd = false

    /// - Parameter timeoutMs: how long one read may take before the test fails.
    init(_ address: SocketAddress, timeoutMs: Int = 5_000, receiveBufferBytes: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var size = receiveBufferBytes {
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var limit = timeval(tv_sec: timeoutMs / 1000, tv_usec: timeoutMs % 1000 * 1000)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = (address.port ?? 0).bigEndian
        target.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = unsafe withUnsafePointer(to: &target) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result != 0 { throw Failure.cannotConnect(errno) }
    }

    deinit {
        close(descriptor)
    }

    func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let result = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(
                    descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if result <= 0 { throw Failure.cannotSend(errno) }
            sent += result
        }
    }

    func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Makes closing reset the connection.
    func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// - Returns: false at the end of the connection.
    private func receiveMore() throws -> Bool {
        if sawEnd { return false }
        let room = [UInt8](repeating: 0, count: 65_536)
        var buffer = room
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        if count < 0, errno == EAGAIN {
            throw Failure.tookTooLong(received: String(decoding: received[taken...], as: UTF8.self))
        }
        sawEnd = count <= 0
        if taken > 1 << 20 {
            received.removeFirst(taken)
            taken = 0
        }
        received += buffer.prefix(max(0, count))
        return !sawEnd
    }

    /// Everything until the server ends the connection, whether by its end or by a reset.
    func readToEnd() throws -> [UInt8] {
        while try receiveMore() {}
        defer {
            received = []
            taken = 0
        }
        return Array(received[taken...])
    }

    /// Whether the server ends the connection without sending anything more.
    func isEnded() throws -> Bool {
        try readToEnd().isEmpty
    }

    /// Exactly so many bytes.
    func read(_ count: Int) throws -> [UInt8] {
        while received.count - taken < count {
            guard try receiveMore() else { throw Failure.notAnAnswer("the connection ended") }
        }
        defer { taken += count }
        return Array(received[taken..<(taken + count)])
    }

    /// Reads one answer by its framing.
    func answer(toHead: Bool = false) throws -> Answer {
        let head = try readLines()
        guard let first = head.first, first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3))
        else { throw Failure.notAnAnswer(head.joined(separator: "|")) }
        var answer = Answer(status: status, fields: [], body: [])
        for line in head.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw Failure.notAnAnswer(line) }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            answer.fields.append((line[..<colon].lowercased(), String(value)))
        }
        if toHead || status < 200 || status == 204 || status == 304 { return answer }
        if let length = answer["content-length"] {
            answer.body = try read(Int(length)!)
        } else if answer["transfer-encoding"] == "chunked" {
            answer.body = try readChunks()
        } else {
            answer.body = try readToEnd()
        }
        return answer
    }

    private func readChunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let size = Int(try readLine(), radix: 16)!
            body += try read(size)
            guard try readLine().isEmpty else { throw Failure.notAnAnswer("a chunk is longer than it says") }
            if size == 0 { return body }
        }
    }

    private func readLines() throws -> [String] {
        var lines: [String] = []
        while true {
            let line = try readLine()
            if line.isEmpty { return lines }
            lines.append(line)
        }
    }

    private func readLine() throws -> String {
        while true {
            if let end = received[taken...].firstIndex(of: 10), end > taken, received[end - 1] == 13 {
                defer { taken = end + 1 }
                return String(decoding: received[taken..<(end - 1)], as: UTF8.self)
            }
            guard try receiveMore() else {
                let rest = String(decoding: received[taken...], as: UTF8.self)
                throw Failure.notAnAnswer("the connection ended behind: \(rest)")
            }
        }
    }

    func get(_ target: String) throws -> Answer {
        try send("GET \(target) HTTP/1.1\r\nHost: test\r\n\r\n")
        return try answer()
    }
}
