import CLinux
import Glibc

/// Where a socket listens or connects to: an IP address with a port, or a path.
package enum SocketAddress: Hashable, Sendable {
    /// The address in host byte order: 127.0.0.1 is 0x7f00_0001.
    case ipv4(UInt32, port: UInt16)
    case ipv6(high: UInt64, low: UInt64, port: UInt16)
    case unix(path: String)

    package static func loopback(port: UInt16) -> SocketAddress { .ipv4(0x7f00_0001, port: port) }

    /// The port, or nil for a path.
    package var port: UInt16? {
        switch self {
        case .ipv4(_, let port), .ipv6(_, _, let port): port
        case .unix: nil
        }
    }

    /// Only processes of this machine can reach it.
    package var isLoopback: Bool {
        switch self {
        case .ipv4(let address, _): address >> 24 == 127
        case .ipv6(let high, let low, _): high == 0 && (low == 1 || low >> 24 == 0xffff_7f)
        case .unix: true
        }
    }
}

extension SocketAddress {
    /// Reads `127.0.0.1:9440`, `[::1]:9440`, `localhost:9440`, `:9440` (every IPv4 address) or `unix:/run/obs.sock`.
    /// Names other than localhost are not looked up: a listener must say which addresses it means.
    package init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty, path.utf8.count <= Self.pathBytesMax else { return nil }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            guard let (high, low) = Self.parseIPv6(String(host.dropFirst().dropLast())) else { return nil }
            self = .ipv6(high: high, low: low, port: port)
        } else {
            guard let address = Self.parseIPv4(String(host)) else { return nil }
            self = .ipv4(address, port: port)
        }
    }

    /// The bytes of `sockaddr_un.sun_path` without the closing zero.
    private static let pathBytesMax = 107

    private static func parseIPv4(_ host: String) -> UInt32? {
        if host.isEmpty { return 0 }
        if host == "localhost" { return 0x7f00_0001 }
        var address = in_addr()
        return unsafe inet_pton(AF_INET, host, &address) == 1 ? UInt32(bigEndian: address.s_addr) : nil
    }

    private static func parseIPv6(_ host: String) -> (UInt64, UInt64)? {
        var address = in6_addr()
        guard unsafe inet_pton(AF_INET6, host, &address) == 1 else { return nil }
        return words(of: address)
    }

    private static func words(of address: in6_addr) -> (UInt64, UInt64) {
        unsafe withUnsafeBytes(of: address) {
            unsafe (
                UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }
}

extension SocketAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .ipv4(let address, let port): "\(Self.dotted(address)):\(port)"
        case .ipv6(let high, let low, let port): "[\(Self.colons(high, low))]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// The address without its port, as an access log names a peer.
    package var host: String {
        switch self {
        case .ipv4(let address, _): Self.dotted(address)
        case .ipv6(let high, let low, _): Self.colons(high, low)
        case .unix: "unix"
        }
    }

    private static func dotted(_ address: UInt32) -> String {
        "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
    }

    private static func colons(_ high: UInt64, _ low: UInt64) -> String {
        var address = in6_addr()
        unsafe withUnsafeMutableBytes(of: &address) {
            unsafe $0.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
            unsafe $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            unsafe inet_ntop(AF_INET6, &address, text.baseAddress!, socklen_t(text.count))
            return unsafe String(cString: text.baseAddress!)
        }
    }
}

extension SocketAddress {
    var family: Int32 {
        switch self {
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        case .unix: AF_UNIX
        }
    }

    /// Lends the address as the kernel wants it.
    func withKernelForm<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        let length = unsafe withUnsafeMutableBytes(of: &storage) { unsafe self.write(into: $0) }
        return unsafe withUnsafePointer(to: &storage) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
        }
    }

    private func write(into bytes: UnsafeMutableRawBufferPointer) -> socklen_t {
        switch self {
        case .ipv4(let address, let port):
            var form = sockaddr_in()
            form.sin_family = sa_family_t(AF_INET)
            form.sin_port = port.bigEndian
            form.sin_addr.s_addr = address.bigEndian
            unsafe bytes.storeBytes(of: form, as: sockaddr_in.self)
            return socklen_t(MemoryLayout<sockaddr_in>.size)
        case .ipv6(let high, let low, let port):
            unsafe bytes.storeBytes(of: sa_family_t(AF_INET6), as: sa_family_t.self)
            unsafe bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            unsafe bytes.storeBytes(of: high.bigEndian, toByteOffset: 8, as: UInt64.self)
            unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 16, as: UInt64.self)
            return socklen_t(MemoryLayout<sockaddr_in6>.size)
        case .unix(let path):
            unsafe bytes.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
            for (index, byte) in path.utf8.prefix(Self.pathBytesMax).enumerated() { unsafe bytes[2 + index] = byte }
            return socklen_t(2 + path.utf8.count + 1)
        }
    }

    /// Reads what `accept`, `getsockname` or `recvfrom` filled in.
    init(kernelForm storage: sockaddr_storage) {
        switch Int32(storage.ss_family) {
        case AF_INET:
            let form = unsafe withUnsafeBytes(of: storage) { unsafe $0.load(as: sockaddr_in.self) }
            self = .ipv4(UInt32(bigEndian: form.sin_addr.s_addr), port: UInt16(bigEndian: form.sin_port))
        case AF_INET6:
            let form = unsafe withUnsafeBytes(of: storage) { unsafe $0.load(as: sockaddr_in6.self) }
            let (high, low) = Self.words(of: form.sin6_addr)
            let port = UInt16(bigEndian: form.sin6_port)
            // A peer that reached a dual-stack listener over IPv4 is named by its IPv4 address.
            self =
                high == 0 && low >> 32 == 0xffff
                ? .ipv4(UInt32(truncatingIfNeeded: low), port: port) : .ipv6(high: high, low: low, port: port)
        default:
            let path = unsafe withUnsafeBytes(of: storage) {
                unsafe String(decoding: $0.dropFirst(2).prefix(Self.pathBytesMax).prefix { $0 != 0 }, as: UTF8.self)
            }
            self = .unix(path: path)
        }
    }
}
