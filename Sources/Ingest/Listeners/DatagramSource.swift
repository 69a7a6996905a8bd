import Posix

/// One socket of datagrams on a loop.
final class DatagramSource: EventHandler {
    private static let bytesMax = 65_535
    /// Datagrams that are read before others get their turn.
    private static let roundsMax = 256

    private let loop: EventLoop
    private let socket: Socket
    private let take: ([UInt8]) -> Void
    private let roundEnded: () -> Void
    private var registration: EventLoop.Registration?

    /// Where it listens, with the port that the kernel chose.
    let address: SocketAddress

    /// - Parameter roundEnded: called when those are taken that could be read in one go.
    init(
        _ loop: EventLoop, _ address: SocketAddress, roundEnded: @escaping () -> Void = {},
        take: @escaping ([UInt8]) -> Void
    ) throws(SystemError) {
        self.loop = loop
        (self.take, self.roundEnded) = (take, roundEnded)
        socket = try Socket.datagrams(on: address)
        self.address = try socket.localAddress()
        registration = try loop.register(self, descriptor: socket.descriptor, interest: .readable)
    }

    func ready(_ events: EventLoop.Events) {
        defer { roundEnded() }
        var datagram: [UInt8] = []
        for _ in 0..<Self.roundsMax {
            datagram.removeAll(keepingCapacity: true)
            guard case .moved = socket.read(appendingTo: &datagram, atMost: Self.bytesMax) else { return }
            take(datagram)
        }
        if let registration { loop.again(registration) }
    }

    func deadlinePassed() {}

    func end() {
        if let registration { loop.unregister(registration) }
        registration = nil
    }
}
