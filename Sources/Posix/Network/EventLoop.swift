import CLinux
import Glibc
import Synchronization

/// Something that an event loop wakes. Both calls come on the loop's thread.
package protocol EventHandler: AnyObject {
    /// The descriptor is ready, or `again` was asked for.
    func ready(_ events: EventLoop.Events)
    /// The deadline of the registration has passed. It is disarmed; a new one may be set.
    func deadlinePassed()
}

/// Waits on epoll for descriptors, deadlines and work from other threads, on the one thread that calls `run`.
package final class EventLoop: @unchecked Sendable {  // beyond submit and stop all is used by the loop's thread alone
    /// What a descriptor is waited for, and what it is ready for.
    package struct Events: OptionSet, Sendable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        package static let readable = Events(rawValue: EPOLLIN.rawValue)
        package static let writable = Events(rawValue: EPOLLOUT.rawValue)
        /// The peer sends nothing more: it closed, or shut down its writing side.
        package static let peerEnded = Events(rawValue: EPOLLRDHUP.rawValue)
        /// Both directions are closed. Reported without being asked for.
        package static let hungUp = Events(rawValue: EPOLLHUP.rawValue)
        /// The connection failed. Reported without being asked for.
        package static let failed = Events(rawValue: EPOLLERR.rawValue)
        /// Of several loops that wait for one listener, only some wake for a connection.
        package static let exclusive = Events(rawValue: EPOLLEXCLUSIVE.rawValue)
        /// The handler itself asked to be called again.
        package static let again = Events(rawValue: 1 << 20)
    }

    /// The name of a registration; of no use after `unregister`.
    package struct Registration: Equatable, Sendable {
        fileprivate let slot: UInt32
        fileprivate let generation: UInt32
    }

    private struct Slot {
        var handler: (any EventHandler)?
        var generation: UInt32 = 0
        /// -1 where only the deadline is wanted.
        var descriptor: Int32 = -1
        var interest: Events = []
        var isAgain = false
        var deadlineNs = Int64.max
        /// The earliest alarm of this slot in `deadlines`.
        var armedNs = Int64.max
    }

    private let epoll: Int32
    private let wakeUp: Int32
    private let time: any TimeSource
    private var slots: [Slot] = []
    private var freeSlots: [UInt32] = []
    private var deadlines = Deadlines()
    private var againNow: [Registration] = []
    private var againNext: [Registration] = []

    private struct Inbox {
        var work: [@Sendable () -> Void] = []
        var isStopped = false
        var isSignalled = false
    }
    private let inbox = Lock(Inbox())
    private let runner = Atomic<UInt>(0)

    /// The monotonic time when the current turn began.
    package private(set) var nowNs: Int64

    package init(time: any TimeSource = SystemTime()) throws(SystemError) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        if epoll < 0 { throw SystemError(call: "epoll_create1") }
        wakeUp = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        if wakeUp < 0 {
            let failure = SystemError(call: "eventfd")
            close(epoll)
            throw failure
        }
        self.time = time
        nowNs = time.monotonicNs
        control(EPOLL_CTL_ADD, wakeUp, .readable, key: Self.wakeUpKey)
    }

    deinit {
        close(epoll)
        close(wakeUp)
    }
}

extension EventLoop {
    /// Has `work` run on the loop's thread, in the order of the calls. From any thread.
    ///
    /// - Returns: false when the loop was stopped; the work is then dropped.
    @discardableResult
    package func submit(_ work: @escaping @Sendable () -> Void) -> Bool {
        let (isAccepted, mustSignal) = inbox.withLock { inbox -> (Bool, Bool) in
            if inbox.isStopped { return (false, false) }
            inbox.work.append(work)
            defer { inbox.isSignalled = true }
            return (true, !inbox.isSignalled)
        }
        if mustSignal { signal() }
        return isAccepted
    }

    /// Ends `run` after the work that was submitted before. From any thread.
    package func stop() {
        inbox.withLock { $0.isStopped = true }
        signal()
    }

    /// Whether the caller runs on the loop's thread.
    package var isCurrent: Bool { runner.load(ordering: .relaxed) == UInt(pthread_self()) }

    private func signal() {
        eventfd_write(wakeUp, 1)
    }
}

extension EventLoop {
    /// - Parameter descriptor: stays the caller's, who unregisters before closing it; -1 for deadlines only.
    package func register(
        _ handler: any EventHandler, descriptor: Int32 = -1, interest: Events = []
    ) throws(SystemError) -> Registration {
        let index = freeSlots.popLast() ?? UInt32(slots.count)
        if index == slots.count { slots.append(Slot()) }
        let registration = Registration(slot: index, generation: slots[Int(index)].generation)
        if descriptor >= 0 {
            if control(EPOLL_CTL_ADD, descriptor, interest, key: Self.key(registration)) != 0 {
                freeSlots.append(index)
                throw SystemError(call: "epoll_ctl")
            }
        }
        slots[Int(index)].handler = handler
        slots[Int(index)].descriptor = descriptor
        slots[Int(index)].interest = interest
        return registration
    }

    /// Lets go of the handler. Events that were already reported for it are dropped.
    package func unregister(_ registration: Registration) {
        guard isLive(registration) else { return }
        let index = Int(registration.slot)
        if slots[index].descriptor >= 0 {
            control(EPOLL_CTL_DEL, slots[index].descriptor, [], key: 0)
        }
        slots[index] = Slot(handler: nil, generation: registration.generation &+ 1)
        freeSlots.append(registration.slot)
    }

    /// Changes what the descriptor is waited for. Costs a system call only where it differs.
    package func setInterest(_ interest: Events, of registration: Registration) {
        guard isLive(registration) else { return }
        let index = Int(registration.slot)
        guard slots[index].interest != interest else { return }
        slots[index].interest = interest
        control(EPOLL_CTL_MOD, slots[index].descriptor, interest, key: Self.key(registration))
    }

    /// Sets the one deadline of a registration, by the clock of `nowNs`; nil disarms it.
    package func setDeadline(_ atNs: Int64?, of registration: Registration) {
        guard isLive(registration) else { return }
        let index = Int(registration.slot)
        slots[index].deadlineNs = atNs ?? .max
        if let atNs, atNs < slots[index].armedNs { arm(registration, atNs: atNs) }
    }

    /// Has the handler called with `again` in the next turn, which begins without waiting.
    package func again(_ registration: Registration) {
        guard isLive(registration), !slots[Int(registration.slot)].isAgain else { return }
        slots[Int(registration.slot)].isAgain = true
        againNext.append(registration)
    }

    private func isLive(_ registration: Registration) -> Bool {
        let slot = Int(registration.slot)
        return slots[slot].generation == registration.generation && slots[slot].handler != nil
    }

    private func arm(_ registration: Registration, atNs: Int64) {
        slots[Int(registration.slot)].armedNs = atNs
        deadlines.insert(.init(atNs: atNs, slot: registration.slot, generation: registration.generation))
    }

    private static let wakeUpKey = UInt64.max

    private static func key(_ registration: Registration) -> UInt64 {
        UInt64(registration.generation) << 32 | UInt64(registration.slot)
    }

    @discardableResult
    private func control(_ operation: Int32, _ descriptor: Int32, _ interest: Events, key: UInt64) -> Int32 {
        var event = unsafe epoll_event(events: interest.rawValue, data: epoll_data_t(u64: key))
        return unsafe epoll_ctl(epoll, operation, descriptor, &event)
    }
}

extension EventLoop {
    /// Serves until `stop`. Handlers that are still registered then stay so: unregister or drop them after it.
    package func run() {
        runner.store(UInt(pthread_self()), ordering: .relaxed)
        defer { runner.store(0, ordering: .relaxed) }
        unsafe withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.eventsPerTurn) { events in
            while true {
                let count = unsafe epoll_wait(epoll, events.baseAddress!, Int32(events.count), timeoutMs())
                nowNs = time.monotonicNs
                if runSubmitted() { return }
                for index in 0..<max(0, Int(count)) {
                    unsafe dispatch(Events(rawValue: events[index].events), key: events[index].data.u64)
                }
                runAgain()
                runDeadlines()
            }
        }
    }

    private static let eventsPerTurn = 256

    private func dispatch(_ events: Events, key: UInt64) {
        if key == Self.wakeUpKey { return }
        let slot = Int(truncatingIfNeeded: key & 0xffff_ffff)
        guard slots[slot].generation == UInt32(key >> 32), let handler = slots[slot].handler else { return }
        handler.ready(events)
    }

    /// - Returns: true when the loop was told to stop.
    private func runSubmitted() -> Bool {
        let (work, isStopped) = inbox.withLock { inbox -> ([@Sendable () -> Void], Bool) in
            guard inbox.isSignalled || inbox.isStopped else { return ([], false) }
            var count: eventfd_t = 0
            unsafe eventfd_read(wakeUp, &count)
            inbox.isSignalled = false
            defer { inbox.work = [] }
            return (inbox.work, inbox.isStopped)
        }
        for item in work { item() }
        return isStopped
    }

    private func runAgain() {
        guard !againNext.isEmpty else { return }
        swap(&againNow, &againNext)
        for registration in againNow where isLive(registration) {
            slots[Int(registration.slot)].isAgain = false
            slots[Int(registration.slot)].handler?.ready([.again])
        }
        againNow.removeAll(keepingCapacity: true)
    }

    private func runDeadlines() {
        while let alarm = deadlines.first, alarm.atNs <= nowNs {
            deadlines.removeFirst()
            let index = Int(alarm.slot)
            guard slots[index].generation == alarm.generation, alarm.atNs == slots[index].armedNs else { continue }
            slots[index].armedNs = .max
            let deadlineNs = slots[index].deadlineNs
            if deadlineNs <= nowNs {
                slots[index].deadlineNs = .max
                slots[index].handler?.deadlinePassed()
            } else if deadlineNs < .max {
                arm(Registration(slot: alarm.slot, generation: alarm.generation), atNs: deadlineNs)
            }
        }
    }

    private func timeoutMs() -> Int32 {
        if !againNext.isEmpty { return 0 }
        guard let next = deadlines.first else { return -1 }
        let leftNs = next.atNs - time.monotonicNs
        return leftNs <= 0 ? 0 : Int32(min(leftNs / 1_000_000 + 1, 60_000))
    }
}
