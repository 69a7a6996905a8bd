import Encoding
import Glibc
import Posix

/// A connection to D-Bus, on which one call after the other is made. Used by one thread.
final class SystemBus {
    private enum Limits {
        static let answerNs: Int64 = 1_500_000_000
    }

    private let address: SocketAddress
    private let socket: Socket
    private var buffer: [UInt8] = []
    private var serial: UInt32 = 0

    /// Connects and proves who this process is.
    init(_ address: SocketAddress) throws(CollectorError) {
        self.address = address
        socket = try Self.connect(address)
        let user = Hexadecimal.string(Array("\(getuid())".utf8).span)
        try send(Array("\0AUTH EXTERNAL \(user)\r\n".utf8))
        let line = try receive { bytes in bytes.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } }
        guard line.starts(with: "OK ".utf8) else {
            throw .failed("\(address) refuses: \(String(decoding: line, as: UTF8.self))")
        }
        try send(Array("BEGIN\r\n".utf8))
        _ = try call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello")
    }

    private static func connect(_ address: SocketAddress) throws(CollectorError) -> Socket {
        do throws(SystemError) {
            return try Socket.connecting(to: address)
        } catch {
            throw .failed("\(error)")
        }
    }

    /// What a method answers.
    func call(
        _ destination: String, _ path: String, _ interface: String, _ member: String, _ arguments: [String] = []
    ) throws(CollectorError) -> [BusValue] {
        serial += 1
        try send(
            BusMessage.call(
                serial: serial, destination: destination, path: path, interface: interface, member: member, arguments))
        while true {
            let bytes = try receive { BusMessage.length($0) }
            guard let message = BusMessage(bytes) else { throw .failed("\(address) sends what is no message") }
            // Signals come at any time.
            guard message.replySerial == Int64(serial) else { continue }
            if message.kind == .error { throw .failed("\(member) answers \(message.errorName)") }
            return message.body
        }
    }

    private func send(_ bytes: [UInt8]) throws(CollectorError) {
        guard socket.wait(toWrite: true, atMostMs: Limits.answerNs / 1_000_000),
            case .moved(bytes.count) = socket.write(bytes.span)
        else { throw .failed("\(address) takes nothing") }
    }

    /// The next bytes, as many as `length` says once it can tell.
    private func receive(_ length: ([UInt8]) -> Int?) throws(CollectorError) -> [UInt8] {
        let deadlineNs = SystemTime().monotonicNs + Limits.answerNs
        while true {
            if let count = length(buffer), buffer.count >= count {
                defer { buffer.removeFirst(count) }
                return Array(buffer.prefix(count))
            }
            let restMs = (deadlineNs - SystemTime().monotonicNs) / 1_000_000
            guard restMs > 0, socket.wait(atMostMs: restMs) else { throw .failed("\(address) does not answer in time") }
            switch socket.read(appendingTo: &buffer, atMost: 64 << 10) {
            case .moved, .wouldBlock: break
            case .ended: throw .failed("\(address) ended the connection")
            case .failed(let code): throw .failed("\(SystemError(call: "read", on: "\(address)", code: code))")
            }
        }
    }
}
