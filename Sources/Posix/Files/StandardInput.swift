import Glibc

/// What another program pipes into this one.
package enum StandardInput {
    package enum Outcome: Equatable, Sendable {
        case read
        case nothingYet
        case ended
    }

    /// Waits for bytes, at most so long, and appends what is there.
    package static func read(
        appendingTo bytes: inout [UInt8], atMost countMax: Int, waitingMs: Int32, descriptor: Int32 = STDIN_FILENO
    ) throws(SystemError) -> Outcome {
        var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&waited, 1, waitingMs) > 0 else { return .nothingYet }
        var outcome = 0
        bytes.append(addingCapacity: countMax) { room in
            unsafe room.withUnsafeMutableBufferPointer { buffer, written in
                outcome = unsafe Glibc.read(descriptor, buffer.baseAddress, countMax)
                written = max(0, outcome)
            }
        }
        if outcome > 0 { return .read }
        if outcome == 0 { return .ended }
        if errno == EINTR || errno == EAGAIN { return .nothingYet }
        throw SystemError(call: "read", on: "standard input")
    }
}
