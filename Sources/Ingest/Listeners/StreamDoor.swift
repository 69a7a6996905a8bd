import Posix

/// A socket on a loop that hands out the connections that come.
final class StreamDoor: EventHandler {
    private let loop: EventLoop
    private let socket: Socket
    private let open: (consuming Socket, _ peer: SocketAddress) -> Void
    private var registration: EventLoop.Registration?

    /// Where it listens, with the port that the kernel chose.
    let address: SocketAddress

    init(
        _ loop: EventLoop, _ address: SocketAddress, open: @escaping (consuming Socket, _ peer: SocketAddress) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.open = open
        socket = try Socket.listening(on: address)
        self.address = try socket.localAddress()
        registration = try loop.register(self, descriptor: socket.descriptor, interest: .readable)
    }

    func ready(_ events: EventLoop.Events) {
        while true {
            do throws(SystemError) {
                guard let accepted = try socket.accept() else { return }
                let peer = accepted.peer
                open(accepted.takeSocket(), peer)
            } catch {
                return
            }
        }
    }

    func deadlinePassed() {}

    func end() {
        if let registration { loop.unregister(registration) }
        registration = nil
    }
}
