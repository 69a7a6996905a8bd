import Crypto
import Glibc
import Posix
import Synchronization

/// A listening socket that several loops wait for; one of them takes each connection and gives it to the worker that
/// has the fewest.
final class ListeningSocket: Sendable {
    let socket: Socket
    let address: SocketAddress
    /// Nil for plain HTTP.
    let tls: TLSStore?

    init(on address: SocketAddress, _ tls: TLSStore?) throws(SystemError) {
        self.tls = tls
        socket = try Socket.listening(on: address)
        self.address = try socket.localAddress()
    }
}

/// One worker's part in a listening socket.
final class Acceptor: EventHandler, @unchecked Sendable {  // used on its worker's thread alone
    /// Connections taken before others get their turn.
    private static let acceptsPerTurn = 64

    private let listening: ListeningSocket
    private unowned let worker: Worker
    private var registration: EventLoop.Registration?
    /// Given up for a moment when descriptors run out, so that waiting clients can be turned away instead of hanging.
    private var reserve = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)

    init(_ listening: ListeningSocket, _ worker: Worker) {
        self.listening = listening
        self.worker = worker
    }

    deinit {
        if reserve >= 0 { Glibc.close(reserve) }
    }

    func start() throws(SystemError) {
        registration = try worker.loop.register(
            self, descriptor: listening.socket.descriptor, interest: [.readable, .exclusive])
    }

    func stop() {
        if let registration { worker.loop.unregister(registration) }
        registration = nil
    }

    func ready(_ events: EventLoop.Events) {
        for _ in 0..<Self.acceptsPerTurn {
            do {
                guard let accepted = try listening.socket.accept() else { return }
                let peer = accepted.peer
                place(accepted.takeSocket(), peer)
            } catch {
                if error.code == EMFILE || error.code == ENFILE { turnAway() }
                return
            }
        }
    }

    func deadlinePassed() {}

    private func place(_ socket: consuming Socket, _ peer: SocketAddress) {
        let tls = listening.tls?.current
        guard worker.core.connectionBegins() else { return Self.refuse(socket, isSecure: tls != nil) }
        let target = worker.core.leastLoaded(preferring: worker)
        target.load.wrappingAdd(1, ordering: .relaxed)
        if target === worker { return worker.adopt(socket, tls, peer: peer) }
        let descriptor = socket.release()
        let isTaken = target.loop.submit { target.adopt(Socket(owning: descriptor), tls, peer: peer) }
        if !isTaken {
            Glibc.close(descriptor)
            worker.core.connectionEnded()
        }
    }

    /// Says that the server is full. The answer fits into any socket's buffer.
    /// Over TLS the handshake would cost more than the refusal saves: the connection just ends.
    private static func refuse(_ socket: consuming Socket, isSecure: Bool) {
        if isSecure { return }
        let answer =
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 42\r\nRetry-After: 5\r\n"
            + "Connection: close\r\n\r\nthe server has all the connections it may\n"
        _ = socket.write(answer.utf8.span)
        socket.shutdownWriting()
    }

    private func turnAway() {
        guard reserve >= 0 else { return }
        Glibc.close(reserve)
        // It is closed at once: there is no descriptor left to serve it with. Whoever gave up meanwhile needs nothing.
        do throws(SystemError) {
            if let accepted = try listening.socket.accept() {
                Self.refuse(accepted.takeSocket(), isSecure: listening.tls != nil)
            }
        } catch {}
        reserve = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
    }
}
