import Glibc

/// A response as it came.
struct PlainResponse {
    var status: Int
    var head: String
    var body: String
}

/// The smallest HTTP client: one blocking connection, nothing shared with the code under test.
final class PlainClient {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let descriptor: Int32
    private let address: String
    private let host: String

    /// - Parameters:
    ///   - address: IPv4 and port.
    ///   - host: what the Host field says, the address by default.
    init(_ address: String, host: String? = nil) throws {
        self.address = address
        self.host = host ?? address
        let parts = address.split(separator: ":")
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = UInt16(parts[1])!.bigEndian
        unsafe inet_pton(AF_INET, String(parts[0]), &target.sin_addr)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let result = unsafe withUnsafePointer(to: &target) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // Everything is set, so that deinit closes the socket.
        guard result == 0 else {
            throw Failure(description: "cannot connect to \(address): error \(errno)")
        }
    }

    deinit {
        close(descriptor)
    }

    /// One request with Content-Length 0; the connection stays open for the next.
    func request(_ method: String, _ path: String, _ fields: [String] = []) throws -> PlainResponse {
        let lines = ["\(method) \(path) HTTP/1.1", "Host: \(host)", "Content-Length: 0"] + fields
        let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        guard unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Failure(description: "cannot send to \(address): error \(errno)")
        }
        return try response()
    }

    /// True once the server has closed its side.
    func isClosedByServer() -> Bool { (try? receive()).map(\.isEmpty) ?? true }  // a reset connection is closed too

    private func response() throws -> PlainResponse {
        var received: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        while received.firstRange(of: end) == nil { received += try receiveSome() }
        let headEnd = received.firstRange(of: end)!
        let head = String(decoding: received[..<headEnd.lowerBound], as: UTF8.self)
        let length = head.firstMatch(of: /(?i)\r\ncontent-length: *(\d+)/).flatMap { Int($0.1) } ?? 0
        while received.count < headEnd.upperBound + length { received += try receiveSome() }
        let status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let body = received[headEnd.upperBound..<(headEnd.upperBound + length)]
        return PlainResponse(status: status, head: head, body: String(decoding: body, as: UTF8.self))
    }

    private func receiveSome() throws -> [UInt8] {
        let bytes = try receive()
        if bytes.isEmpty { throw Failure(description: "\(address) closed the connection inside of a response") }
        return bytes
    }

    private func receive() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw Failure(description: "nothing comes from \(address): error \(errno)") }
        return Array(buffer[..<count])
    }
}
