import Glibc

/// TCP sockets of this machine as the kernel tells them over netlink: a fifth of the work of /proc/net/tcp, which it has
/// to write as text.
package struct SocketDiagnosis: Sendable, Equatable {
    /// How many sockets are in each state, by the number that /proc/net/tcp gives it.
    package private(set) var counts = [Int](repeating: 0, count: 16)
    package private(set) var receivingBytes = 0
    package private(set) var sendingBytes = 0

    private enum Message {
        static let headBytes = 16
        /// `inet_diag_req_v2` behind the head.
        static let requestBytes = headBytes + 56
        /// `inet_diag_msg` behind the head.
        static let answerBytes = headBytes + 72
        static let error: UInt16 = 2
        static let done: UInt16 = 3
        static let byFamily: UInt16 = 20
        static let requestDump: UInt16 = 0x301
    }

    private static let diagnosis: Int32 = 4
    private static let listening = 10
    private static let bufferBytes = 64 << 10
    /// For an answer that does not come.
    private static let waitMs: Int64 = 1000

    /// Of both families.
    package static func tcp() throws(SystemError) -> SocketDiagnosis {
        let socket = try Socket.netlink(diagnosis)
        var sums = SocketDiagnosis()
        for family in [AF_INET, AF_INET6] { try sums.ask(socket, UInt8(family)) }
        return sums
    }

    private mutating func ask(_ socket: borrowing Socket, _ family: UInt8) throws(SystemError) {
        var request = [UInt8](repeating: 0, count: Message.requestBytes)
        func put(_ value: some FixedWidthInteger, _ at: Int) {
            for byte in 0..<(value.bitWidth / 8) { request[at + byte] = UInt8(truncatingIfNeeded: value >> (byte * 8)) }
        }
        put(UInt32(request.count), 0)
        put(Message.byFamily, 4)
        put(Message.requestDump, 6)
        put(family, Message.headBytes)
        put(UInt8(IPPROTO_TCP), Message.headBytes + 1)
        put(UInt32.max, Message.headBytes + 4)
        guard case .moved(request.count) = socket.write(request.span) else {
            throw SystemError(call: "send", on: "netlink")
        }
        var buffer: [UInt8] = []
        while true {
            guard socket.wait(atMostMs: Self.waitMs) else {
                throw SystemError(call: "recv", on: "netlink", code: ETIMEDOUT)
            }
            buffer.removeAll(keepingCapacity: true)
            switch socket.read(appendingTo: &buffer, atMost: Self.bufferBytes) {
            case .moved: if try take(buffer) { return }
            case .wouldBlock: continue
            case .ended: return
            case .failed(let code): throw SystemError(call: "recv", on: "netlink", code: code)
            }
        }
    }

    /// True after the last message.
    private mutating func take(_ bytes: [UInt8]) throws(SystemError) -> Bool {
        func number(_ at: Int) -> Int {
            (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << ($1 * 8) }
        }
        var at = 0
        while at + Message.headBytes <= bytes.count {
            let length = number(at)
            guard length >= Message.headBytes, at + length <= bytes.count else { break }
            switch UInt16(bytes[at + 4]) | UInt16(bytes[at + 5]) << 8 {
            case Message.done: return true
            case Message.error:
                let code = length >= Message.headBytes + 4 ? -Int32(truncatingIfNeeded: number(at + 16)) : EPROTO
                throw SystemError(call: "recv", on: "netlink", code: code)
            case Message.byFamily where length >= Message.answerBytes:
                let state = Int(bytes[at + Message.headBytes + 1])
                if counts.indices.contains(state) { counts[state] += 1 }
                receivingBytes += number(at + Message.headBytes + 56)
                // Of a listener it is how many connections may wait.
                if state != Self.listening { sendingBytes += number(at + Message.headBytes + 60) }
            default: break
            }
            at += (length + 3) & ~3
        }
        return false
    }
}
