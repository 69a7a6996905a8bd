import CCurl
import Posix

/// A socket of libcurl on the loop.
final class CurlSocket: EventHandler {
    private let loop: EventLoop
    private let act: (Int32) -> Void
    private var registration: EventLoop.Registration?

    /// - Parameter act: called with what the socket is ready for, in libcurl's bits.
    init(_ loop: EventLoop, _ socket: Int32, _ what: Int32, act: @escaping (Int32) -> Void) {
        self.loop = loop
        self.act = act
        // epoll refuses only what is no socket; libcurl then runs into its timeout.
        registration = try? loop.register(self, descriptor: socket, interest: Self.interest(what))  // see above
    }

    func wait(for what: Int32) {
        if let registration { loop.setInterest(Self.interest(what), of: registration) }
    }

    func end() {
        if let registration { loop.unregister(registration) }
        registration = nil
    }

    private static func interest(_ what: Int32) -> EventLoop.Events {
        switch what {
        case CURL_POLL_IN: .readable
        case CURL_POLL_OUT: .writable
        default: [.readable, .writable]
        }
    }

    func ready(_ events: EventLoop.Events) {
        var bits: Int32 = 0
        if events.contains(.readable) || events.contains(.hungUp) { bits |= CURL_CSELECT_IN }
        if events.contains(.writable) { bits |= CURL_CSELECT_OUT }
        if events.contains(.failed) { bits |= CURL_CSELECT_ERR }
        act(bits)
    }

    func deadlinePassed() {}
}

/// The one timer that libcurl asks for.
final class CurlTimer: EventHandler {
    private let loop: EventLoop
    private let act: () -> Void
    private var registration: EventLoop.Registration?

    init(_ loop: EventLoop, act: @escaping () -> Void) {
        self.loop = loop
        self.act = act
        registration = try? loop.register(self)  // without a descriptor nothing can fail
    }

    /// - Parameter afterMs: 0 is as soon as possible but not now, -1 never.
    func set(afterMs: Int) {
        guard let registration else { return }
        if afterMs == 0 {
            loop.setDeadline(nil, of: registration)
            loop.again(registration)
        } else {
            loop.setDeadline(afterMs < 0 ? nil : loop.nowNs + Int64(afterMs) * 1_000_000, of: registration)
        }
    }

    func end() {
        if let registration { loop.unregister(registration) }
        registration = nil
    }

    func ready(_ events: EventLoop.Events) { act() }
    func deadlinePassed() { act() }
}

/// The wait between two attempts of a request.
final class RetryPause: EventHandler {
    let exchange: Exchange
    private let loop: EventLoop
    private let resume: () -> Void
    private var registration: EventLoop.Registration?

    init(_ loop: EventLoop, _ exchange: Exchange, delayNs: Int64, resume: @escaping () -> Void) {
        self.loop = loop
        self.exchange = exchange
        self.resume = resume
        registration = try? loop.register(self)  // without a descriptor nothing can fail
        if let registration { loop.setDeadline(loop.nowNs + delayNs, of: registration) }
    }

    func end() {
        if let registration { loop.unregister(registration) }
        registration = nil
    }

    func ready(_ events: EventLoop.Events) {}

    func deadlinePassed() {
        end()
        resume()
    }
}
