import Posix
import Telemetry

/// One socket of datagrams on a loop.
final class DatagramSource: EventHandler {
    private static let bytesMax = 65_535
    /// Datagrams that are read before others get their turn.
    private static let roundsMax = 256

    private let loop: EventLoop
    private let socket: Socket
    private let lost: Counter
    /// Of the socket, as `lost` knows them.
    private var lostCount: UInt32 = 0
    private let take: ([UInt8]) -> Void
    private let roundEnded: () -> Void
    private var registration: EventLoop.Registration?

    /// Where it listens, with the port that the kernel chose.
    let address: SocketAddress

    /// - Parameters:
    ///   - lost: counts those that the kernel had no room for.
    ///   - roundEnded: called when those are taken that could be read in one go.
    init(
        _ loop: EventLoop, _ address: SocketAddress, lost: Counter, roundEnded: @escaping () -> Void = {},
        take: @escaping ([UInt8]) -> Void
    ) throws(SystemError) {
        (self.loop, self.lost) = (loop, lost)
        (self.take, self.roundEnded) = (take, roundEnded)
        socket = try Socket.datagrams(on: address)
        self.address = try socket.localAddress()
        registration = try loop.register(self, descriptor: socket.descriptor, interest: .readable)
    }

    /// By reason: "overflow" where the kernel had no room for more, "store" where the store took nothing. Nobody sends them
    /// again.
    static func lost(_ registry: Registry) -> Family<Counter> {
        registry.counters(
            "obs_ingest_lost_datagrams_total", "Datagrams that were lost, by protocol and reason.",
            labels: ["protocol", "reason"])
    }

    func ready(_ events: EventLoop.Events) {
        defer {
            countLost()
            roundEnded()
        }
        var datagram: [UInt8] = []
        for _ in 0..<Self.roundsMax {
            datagram.removeAll(keepingCapacity: true)
            guard case .moved = socket.read(appendingTo: &datagram, atMost: Self.bytesMax) else { return }
            take(datagram)
        }
        if let registration { loop.again(registration) }
    }

    private func countLost() {
        let count = socket.lostDatagrams()
        lost.add(Int(count &- lostCount))
        lostCount = count
    }

    func deadlinePassed() {}

    func end() {
        if let registration { loop.unregister(registration) }
        registration = nil
    }
}
