package import Crypto
import Glibc
package import Posix

/// The bytes of a connection, plain or over TLS.
package struct Transport: ~Copyable {
    package let socket: Socket
    /// Nil on a plain connection.
    private let tls: TLSSession?

    /// What to wait for before the next attempt to read or to write. TLS may have to write in order to read, and the
    /// other way round.
    package private(set) var readNeeds = EventLoop.Events.readable
    private(set) var writeNeeds = EventLoop.Events.writable

    package init(_ socket: consuming Socket, _ tls: TLSSession?) {
        self.socket = socket
        self.tls = tls
    }

    package var isSecure: Bool { tls != nil }
    /// Whether bytes are here that raise no event.
    var holdsBytes: Bool { tls?.holdsBytes ?? false }

    /// Goes on with the handshake; `moved` when it is complete.
    package mutating func handshake() -> Socket.Outcome {
        guard let tls else { return .moved(0) }
        return noteRead(tls.handshake())
    }

    /// Over TLS, read until `wouldBlock`: what OpenSSL holds already raises no event.
    package mutating func read(into buffer: inout SocketBuffer, atMost limit: Int) -> Socket.Outcome {
        guard let tls else { return buffer.read(from: socket, atMost: limit) }
        return noteRead(tls.read(into: &buffer, atMost: limit))
    }

    mutating func write(_ buffer: borrowing SocketBuffer) -> Socket.Outcome {
        guard let tls else { return socket.write(buffer.bytes) }
        return noteWrite(tls.write(buffer.bytes))
    }

    /// Sends two pieces one after the other, in one call where that is possible.
    mutating func write(_ first: borrowing SocketBuffer, _ second: Span<UInt8>) -> Socket.Outcome {
        guard tls != nil else { return socket.write(first.bytes, second) }
        let outcome = write(first)
        guard outcome == .moved(first.count) else { return outcome }
        return writeRest(second, after: first.count)
    }

    /// TLS takes one record of 16 KB at a time.
    private mutating func writeRest(_ bytes: Span<UInt8>, after moved: Int) -> Socket.Outcome {
        guard let tls else { return .moved(moved) }
        var written = 0
        while written < bytes.count {
            let outcome = noteWrite(tls.write(bytes.extracting(written..<bytes.count)))
            guard case .moved(let count) = outcome else {
                if case .failed = outcome { return outcome }
                break
            }
            written += count
        }
        return .moved(moved + written)
    }

    /// Tells the peer that nothing more will be sent.
    mutating func shutdownWriting() {
        tls?.sayGoodbye()
        socket.shutdownWriting()
    }

    private mutating func noteRead(_ outcome: TLSSession.Outcome) -> Socket.Outcome {
        switch outcome {
        case .wantsRead: readNeeds = .readable
        case .wantsWrite: readNeeds = .writable
        default: break
        }
        return Self.plain(outcome)
    }

    private mutating func noteWrite(_ outcome: TLSSession.Outcome) -> Socket.Outcome {
        switch outcome {
        case .wantsRead: writeNeeds = .readable
        case .wantsWrite: writeNeeds = .writable
        default: break
        }
        return Self.plain(outcome)
    }

    private static func plain(_ outcome: TLSSession.Outcome) -> Socket.Outcome {
        switch outcome {
        case .moved(let count): .moved(count)
        case .wantsRead, .wantsWrite: .wouldBlock
        case .ended: .ended
        case .failed: .failed(EPROTO)
        }
    }
}
