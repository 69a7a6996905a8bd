import Posix

/// Something that a loop does again and again.
final class LoopTimer: EventHandler {
    private let loop: EventLoop
    private let everyNs: Int64
    private let act: () -> Void
    private var registration: EventLoop.Registration?

    init(_ loop: EventLoop, everyNs: Int64, act: @escaping () -> Void) {
        self.loop = loop
        self.everyNs = everyNs
        self.act = act
        // Only a descriptor can be refused, and there is none.
        registration = try? loop.register(self, descriptor: -1, interest: [])  // see above
        arm()
    }

    private func arm() {
        if let registration { loop.setDeadline(loop.nowNs + everyNs, of: registration) }
    }

    func ready(_ events: EventLoop.Events) {}

    func deadlinePassed() {
        act()
        arm()
    }

    func end() {
        if let registration { loop.unregister(registration) }
        registration = nil
    }
}
