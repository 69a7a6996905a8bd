import Glibc

/// Talks with the kernel.
extension Socket {
    /// A socket to the part of the kernel with that number.
    static func netlink(_ part: Int32) throws(SystemError) -> Socket {
        let descriptor = Glibc.socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), part)
        if descriptor < 0 { throw SystemError(call: "socket", on: "netlink") }
        return Socket(owning: descriptor)
    }
}

/// Echoes of ICMP.
extension Socket {
    /// Whether an address answers an echo, and after how long; nil where no answer came in time. Needs the group of
    /// `net.ipv4.ping_group_range` or the right to raw sockets.
    package static func echoNs(
        from address: SocketAddress, sequence: UInt16, atMostNs limitNs: Int64, time: any TimeSource = SystemTime()
    ) throws(SystemError) -> Int64? {
        let isVersion4 = address.family == AF_INET
        let protocolNumber = isVersion4 ? Int32(IPPROTO_ICMP) : Int32(IPPROTO_ICMPV6)
        var isRaw = false
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        var descriptor = Glibc.socket(address.family, Int32(SOCK_DGRAM.rawValue) | flags, protocolNumber)
        if descriptor < 0 {
            isRaw = true
            descriptor = Glibc.socket(address.family, Int32(SOCK_RAW.rawValue) | flags, protocolNumber)
        }
        if descriptor < 0 { throw SystemError(call: "socket", on: "ICMP") }
        let socket = Socket(owning: descriptor)
        if unsafe address.withKernelForm({ unsafe connect(descriptor, $0, $1) }) != 0 {
            throw SystemError(call: "connect", on: "\(address)")
        }
        // Type, code, checksum, identifier, sequence, and a text of our own.
        let identifier = UInt16(truncatingIfNeeded: getpid())
        var request: [UInt8] = [isVersion4 ? 8 : 128, 0, 0, 0]
        for number in [identifier, sequence] { request += [UInt8(number >> 8), UInt8(number & 255)] }
        request += Array("obs probe".utf8)
        if isVersion4 { putChecksum(&request) }
        let startNs = time.monotonicNs
        guard case .moved = socket.write(request.span) else { throw SystemError(call: "send", on: "\(address)") }
        var answer: [UInt8] = []
        while true {
            let restNs = startNs + limitNs - time.monotonicNs
            guard restNs > 0, socket.wait(atMostMs: restNs / 1_000_000 + 1) else { return nil }
            answer.removeAll(keepingCapacity: true)
            switch socket.read(appendingTo: &answer, atMost: 2048) {
            case .moved: break
            case .wouldBlock: continue
            case .ended: return nil
            case .failed(let code): throw SystemError(call: "recv", on: "\(address)", code: code)
            }
            let head = isRaw && isVersion4 ? Int(answer.first ?? 0) & 15 * 4 : 0
            guard answer.count >= head + 8, answer[head] == (isVersion4 ? 0 : 129),
                answer[head + 6] == UInt8(sequence >> 8), answer[head + 7] == UInt8(sequence & 255),
                !isRaw || answer[head + 4] == UInt8(identifier >> 8) && answer[head + 5] == UInt8(identifier & 255)
            else { continue }
            return time.monotonicNs - startNs
        }
    }

    /// The sum of RFC 1071.
    private static func putChecksum(_ bytes: inout [UInt8]) {
        var sum: UInt32 = 0
        for (place, byte) in bytes.enumerated() { sum += UInt32(byte) << (place % 2 == 0 ? 8 : 0) }
        while sum >> 16 > 0 { sum = sum & 0xffff + sum >> 16 }
        bytes[2] = UInt8(~sum >> 8 & 255)
        bytes[3] = UInt8(~sum & 255)
    }
}
