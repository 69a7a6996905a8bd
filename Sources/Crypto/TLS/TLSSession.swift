import COpenSSL
import Glibc
package import Posix

/// TLS on one accepted, non-blocking socket. Used by one thread at a time.
@safe
package final class TLSSession {
    /// What became of one step.
    package enum Outcome: Equatable, Sendable {
        case moved(Int)
        case wantsRead
        case wantsWrite
        /// The peer said that it sends nothing more, or just went.
        case ended
        case failed(String)
    }

    private let session: OpaquePointer
    /// After a failure OpenSSL must not be asked to say goodbye.
    private var isBroken = false
    private var hasTicket = false

    /// - Parameter descriptor: stays the caller's, who closes it after this.
    package init(accepting context: TLSContext, descriptor: Int32) throws(TLSError) {
        ERR_clear_error()
        guard let session = unsafe SSL_new(context.pointer) else { throw TLSError("begin a TLS session") }
        unsafe self.session = session
        guard unsafe SSL_set_fd(session, descriptor) == 1 else { throw TLSError("begin a TLS session") }
        unsafe SSL_set_accept_state(session)
    }

    deinit {
        unsafe SSL_free(session)
    }

    /// Goes on with the handshake; `moved(0)` when it is complete.
    package func handshake() -> Outcome {
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(session)
        return result == 1 ? .moved(0) : outcome(result)
    }

    /// Whether bytes that were read from the socket wait inside of OpenSSL.
    package var holdsBytes: Bool { unsafe SSL_has_pending(session) == 1 }

    /// Reads once into the room behind the waiting bytes. Bytes that OpenSSL still holds raise no event of the socket:
    /// read until `wantsRead`.
    package func read(into buffer: inout SocketBuffer, atMost limit: Int) -> Outcome {
        ERR_clear_error()
        var result: Int32 = 0
        var count = 0
        unsafe buffer.fill { room in
            result = unsafe SSL_read_ex(session, room.baseAddress, min(room.count, limit), &count)
            return count
        }
        return result == 1 ? .moved(count) : outcome(result)
    }

    /// Writes once. What was refused must be offered again, by itself or with more behind it.
    package func write(_ bytes: Span<UInt8>) -> Outcome {
        if bytes.isEmpty { return .moved(0) }
        ERR_clear_error()
        giveTicket()
        var count = 0
        let result = unsafe bytes.withUnsafeBufferPointer {
            unsafe SSL_write_ex(session, $0.baseAddress, $0.count, &count)
        }
        return result == 1 ? .moved(count) : outcome(result)
    }

    /// Has the ticket of TLS 1.3 go out before the first answer: one that only connects does not cost its making.
    private func giveTicket() {
        guard !hasTicket else { return }
        hasTicket = true
        // Refused below TLS 1.3, whose handshake brought the ticket.
        _ = unsafe SSL_new_session_ticket(session)
        ERR_clear_error()
    }

    /// Says that nothing more is sent, if the peer can still be told.
    package func sayGoodbye() {
        guard !isBroken, unsafe SSL_is_init_finished(session) == 1 else { return }
        ERR_clear_error()
        unsafe SSL_shutdown(session)
        ERR_clear_error()
    }

    /// The subject of the client's certificate, checked; nil where it showed none.
    package var peerName: String? {
        guard let certificate = unsafe SSL_get0_peer_certificate(session) else { return nil }
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { text in
            let name = unsafe X509_get_subject_name(certificate)
            guard unsafe X509_NAME_oneline(name, text.baseAddress!, Int32(text.count)) != nil else { return nil }
            return unsafe String(cString: text.baseAddress!)
        }
    }

    private func outcome(_ result: Int32) -> Outcome {
        let code = errno
        switch unsafe SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        case SSL_ERROR_ZERO_RETURN: return .ended
        case SSL_ERROR_SYSCALL:
            isBroken = true
            ERR_clear_error()
            return code == 0 ? .ended : .failed(SystemError.reason(code))
        default:
            isBroken = true
            return .failed(TLSError.takeReason())
        }
    }
}
