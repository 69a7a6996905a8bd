import Glibc

/// Sockets of threads that may wait.
extension Socket {
    /// A socket for datagrams to and from one peer.
    package static func datagrams(to address: SocketAddress) throws(SystemError) -> Socket {
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.family, Int32(SOCK_DGRAM.rawValue) | flags, 0)
        if descriptor < 0 { throw SystemError(call: "socket", on: "\(address)") }
        let opened = Socket(owning: descriptor)
        if unsafe address.withKernelForm({ unsafe connect(descriptor, $0, $1) }) != 0 {
            throw SystemError(call: "connect", on: "\(address)")
        }
        return opened
    }

    /// Whether the socket became readable (or writable) in time. A failure counts as ready: the next call tells it.
    package borrowing func wait(toWrite: Bool = false, atMostMs limitMs: Int64) -> Bool {
        var waited = pollfd(fd: descriptor, events: Int16(toWrite ? POLLOUT : POLLIN), revents: 0)
        return unsafe poll(&waited, 1, Int32(clamping: max(0, limitMs))) != 0
    }

    /// Reads what is there, at most `countMax` bytes, and appends it; of a datagram the rest is lost.
    package borrowing func read(appendingTo bytes: inout [UInt8], atMost countMax: Int) -> Outcome {
        var outcome = Outcome.wouldBlock
        let descriptor = descriptor
        bytes.append(addingCapacity: countMax) { room in
            unsafe room.withUnsafeMutableBufferPointer { buffer, written in
                let count = unsafe recv(descriptor, buffer.baseAddress, countMax, 0)
                outcome = count == 0 ? .ended : Self.outcome(count)
                written = max(0, count)
            }
        }
        return outcome
    }
}
