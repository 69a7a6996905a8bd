import Glibc

/// Names of hosts as the system's resolver knows them.
package enum HostName {
    /// The addresses of a name, or of a text that is one, in the order in which they should be tried. It waits as long as
    /// the resolver does: not on a thread that has other work.
    package static func addresses(of host: String, port: UInt16) throws(SystemError) -> [SocketAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, nil, &hints, &first)
        guard code == 0 else {
            throw SystemError(call: "getaddrinfo", on: host, code: code == EAI_SYSTEM ? errno : ENXIO)
        }
        defer { unsafe freeaddrinfo(first) }
        var addresses: [SocketAddress] = []
        var next = unsafe first
        while let one = unsafe next {
            var storage = sockaddr_storage()
            unsafe withUnsafeMutableBytes(of: &storage) {
                unsafe $0.copyMemory(
                    from: UnsafeRawBufferPointer(start: one.pointee.ai_addr, count: Int(one.pointee.ai_addrlen)))
            }
            switch SocketAddress(kernelForm: storage) {
            case .ipv4(let address, _): addresses.append(.ipv4(address, port: port))
            case .ipv6(let high, let low, _): addresses.append(.ipv6(high: high, low: low, port: port))
            case .unix: break
            }
            unsafe next = one.pointee.ai_next
        }
        return addresses
    }
}
