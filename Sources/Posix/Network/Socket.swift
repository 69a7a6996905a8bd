import CLinux
import Glibc

/// An open, non-blocking socket. It is closed when its owner lets go of it.
package struct Socket: ~Copyable, Sendable {
    /// What became of one non-blocking read or write.
    package enum Outcome: Equatable, Sendable {
        case moved(Int)
        /// Nothing can be moved now: wait for the event loop.
        case wouldBlock
        /// The peer sends nothing more.
        case ended
        /// The `errno` value; the connection is of no more use.
        case failed(Int32)
    }

    package let descriptor: Int32

    package init(owning descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    private init(family: Int32, kind: Int32, on subject: String) throws(SystemError) {
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        descriptor = socket(family, kind | flags, 0)
        if descriptor < 0 { throw SystemError(call: "socket", on: subject) }
    }
}

extension Socket {
    /// Listens for streams, which send small writes at once instead of waiting for the acknowledgement of earlier ones. A
    /// path that a dead process left behind is replaced.
    ///
    /// - Parameter backlog: connections that the kernel completes before they are accepted.
    package static func listening(on address: SocketAddress, backlog: Int32 = 1024) throws(SystemError) -> Socket {
        let subject = "\(address)"
        let socket = try Socket(family: address.family, kind: Int32(SOCK_STREAM.rawValue), on: subject)
        switch address {
        case .ipv4: try socket.setStreamOptions(on: subject)
        case .ipv6:
            try socket.setStreamOptions(on: subject)
            try socket.setOption(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0, on: subject)
        case .unix(let path): try removeAbandoned(path: path, address)
        }
        if unsafe address.withKernelForm({ unsafe bind(socket.descriptor, $0, $1) }) != 0 {
            throw SystemError(call: "bind", on: subject)
        }
        if listen(socket.descriptor, backlog) != 0 { throw SystemError(call: "listen", on: subject) }
        return socket
    }

    /// What may wait in the kernel: a second of many senders, while whoever takes them is busy. Nobody sends a lost one again.
    private static let receivedBytesMax: Int32 = 8 << 20

    /// A socket that receives datagrams.
    package static func datagrams(on address: SocketAddress) throws(SystemError) -> Socket {
        let subject = "\(address)"
        let socket = try Socket(family: address.family, kind: Int32(SOCK_DGRAM.rawValue), on: subject)
        do throws(SystemError) {
            try socket.setOption(SOL_SOCKET, SO_RCVBUFFORCE, receivedBytesMax, on: subject)
        } catch {
            // Only root may ask for more than the system's limit; others get as much as that.
            try socket.setOption(SOL_SOCKET, SO_RCVBUF, receivedBytesMax, on: subject)
        }
        if unsafe address.withKernelForm({ unsafe bind(socket.descriptor, $0, $1) }) != 0 {
            throw SystemError(call: "bind", on: subject)
        }
        return socket
    }

    /// Begins to connect a stream. The socket becomes writable once it is connected or has failed: ask `connectFailure`.
    package static func connecting(to address: SocketAddress) throws(SystemError) -> Socket {
        let subject = "\(address)"
        let socket = try Socket(family: address.family, kind: Int32(SOCK_STREAM.rawValue), on: subject)
        let result = unsafe address.withKernelForm { unsafe connect(socket.descriptor, $0, $1) }
        if result != 0, errno != EINPROGRESS { throw SystemError(call: "connect", on: subject) }
        return socket
    }

    /// The `errno` value of a failed connect, or 0.
    package borrowing func connectFailure() -> Int32 {
        var failure: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        let result = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &length)
        return result == 0 ? failure : errno
    }

    /// The address that the socket is bound to: tells the port that the kernel chose for port 0.
    package borrowing func localAddress() throws(SystemError) -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let descriptor = descriptor
        let result = unsafe withUnsafeMutablePointer(to: &storage) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &length)
            }
        }
        if result != 0 { throw SystemError(call: "getsockname") }
        return SocketAddress(kernelForm: storage)
    }

    /// Datagrams that the kernel threw away because as many as may wait were waiting. Counts round at 2^32.
    package borrowing func lostDatagrams() -> UInt32 {
        // An array of nine: SK_MEMINFO_DROPS is the last.
        var figures = InlineArray<9, UInt32>(repeating: 0)
        var length = socklen_t(MemoryLayout<InlineArray<9, UInt32>>.size)
        let result = unsafe getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, &figures, &length)
        return result == 0 ? figures[8] : 0
    }

    /// Bytes that were written and that the peer's kernel has not confirmed. The one measure of a slow reader: the kernel
    /// reports room to write only once a third of a buffer of megabytes is free.
    package borrowing func unconfirmedBytes() -> Int {
        var count: Int32 = 0
        let result = unsafe ioctl(descriptor, UInt(TIOCOUTQ), &count)
        return result == 0 ? Int(count) : 0
    }

    /// Makes `close` reset the connection and drop what is unsent, for peers that do not read.
    package borrowing func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Tells the peer that nothing more will be sent.
    package borrowing func shutdownWriting() {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Of a listener; the connections inherit them.
    private borrowing func setStreamOptions(on subject: String) throws(SystemError) {
        try setOption(SOL_SOCKET, SO_REUSEADDR, 1, on: subject)
        try setOption(Int32(IPPROTO_TCP), TCP_NODELAY, 1, on: subject)
    }

    private borrowing func setOption(
        _ level: Int32, _ name: Int32, _ value: Int32, on subject: String
    ) throws(SystemError) {
        var value = value
        let result = unsafe setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
        if result != 0 { throw SystemError(call: "setsockopt", on: subject) }
    }

    /// Removes a socket file on which nobody listens.
    private static func removeAbandoned(path: String, _ address: SocketAddress) throws(SystemError) {
        let probe = try Socket(family: AF_UNIX, kind: Int32(SOCK_STREAM.rawValue), on: path)
        let result = unsafe address.withKernelForm { unsafe connect(probe.descriptor, $0, $1) }
        if result != 0, errno == ECONNREFUSED { unsafe unlink(path) }
    }
}

extension Socket {
    /// A connection that a listener handed out.
    package struct Accepted: ~Copyable {
        package let socket: Socket
        package let peer: SocketAddress

        package consuming func takeSocket() -> Socket { socket }
    }

    /// The next waiting connection, or nil when there is none. What a peer gave up meanwhile is passed over.
    package borrowing func accept() throws(SystemError) -> Accepted? {
        while true {
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let listener = descriptor
            let accepted = unsafe withUnsafeMutablePointer(to: &storage) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe clinux_accept4(listener, $0, &length, flags)
                }
            }
            if accepted >= 0 {
                return Accepted(socket: Socket(owning: accepted), peer: SocketAddress(kernelForm: storage))
            }
            switch errno {
            case EAGAIN: return nil
            case EINTR, ECONNABORTED, EPROTO: continue
            default: throw SystemError(call: "accept")
            }
        }
    }

    /// Sends as much as the kernel takes now.
    package borrowing func write(_ bytes: Span<UInt8>) -> Outcome {
        let descriptor = descriptor
        return unsafe bytes.withUnsafeBufferPointer {
            unsafe Self.outcome(Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)))
        }
    }

    /// Sends as much as the kernel takes now of two pieces one after the other, in one call.
    package borrowing func write(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Outcome {
        let descriptor = descriptor
        return unsafe first.withUnsafeBufferPointer { first in
            unsafe second.withUnsafeBufferPointer { second in
                unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { pieces in
                    unsafe pieces[0] = iovec(
                        iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count)
                    unsafe pieces[1] = iovec(
                        iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
                    var message = unsafe msghdr()
                    unsafe message.msg_iov = pieces.baseAddress
                    unsafe message.msg_iovlen = 2
                    return unsafe Self.outcome(sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL)))
                }
            }
        }
    }

    static func outcome(_ result: Int) -> Outcome {
        if result >= 0 { return .moved(result) }
        switch errno {
        case EAGAIN, EINTR: return .wouldBlock
        case let code: return .failed(code)
        }
    }
}

extension Socket {
    /// Gives the descriptor away: closing it is now the caller's.
    package consuming func release() -> Int32 {
        let descriptor = descriptor
        discard self
        return descriptor
    }
}
