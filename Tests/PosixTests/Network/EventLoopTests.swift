import Posix
import Synchronization
import Testing

@Suite struct EventLoopTests {
    private final class Recorder: EventHandler, @unchecked Sendable {  // used on the loop's thread, read after its end
        var events: [EventLoop.Events] = []
        var deadlines: [Int64] = []
        let loop: EventLoop
        var onDeadline: () -> Void = {}
        var onReady: () -> Void = {}

        init(_ loop: EventLoop) {
            self.loop = loop
        }

        func ready(_ events: EventLoop.Events) {
            self.events.append(events)
            onReady()
        }

        func deadlinePassed() {
            deadlines.append(loop.nowNs)
            onDeadline()
        }
    }

    @Test func runsSubmittedWorkInItsOrderOnItsThread() throws {
        let loop = try EventLoop()
        let order = Lock<[Int]>([])
        let wasCurrent = Atomic<Bool>(true)
        let thread = try OwnedThread(name: "loop") { loop.run() }
        for index in 0..<1_000 {
            loop.submit {
                if !loop.isCurrent { wasCurrent.store(false, ordering: .relaxed) }
                order.withLock { $0.append(index) }
            }
        }
        loop.stop()
        thread.join()
        #expect(order.withLock { $0 } == Array(0..<1_000))
        let isTrue = wasCurrent.load(ordering: .relaxed)
        #expect(isTrue)
        #expect(!loop.isCurrent)
        #expect(!loop.submit {})
    }

    @Test func wakesForDeadlinesInTheirOrderHoweverTheyWereMoved() throws {
        let loop = try EventLoop()
        let first = Recorder(loop)
        let second = Recorder(loop)
        let never = Recorder(loop)
        let startNs = loop.nowNs
        let one = try loop.register(first)
        let two = try loop.register(second)
        let three = try loop.register(never)
        loop.setDeadline(startNs + 5_000_000, of: one)
        loop.setDeadline(startNs + 30_000_000, of: one)
        loop.setDeadline(startNs + 60_000_000, of: two)
        loop.setDeadline(startNs + 10_000_000, of: two)
        loop.setDeadline(startNs + 1_000_000, of: three)
        loop.setDeadline(nil, of: three)
        first.onDeadline = { loop.stop() }
        loop.run()
        #expect(first.deadlines.count == 1 && first.deadlines[0] >= startNs + 30_000_000)
        #expect(second.deadlines.count == 1 && second.deadlines[0] >= startNs + 10_000_000)
        #expect(second.deadlines[0] <= first.deadlines[0])
        #expect(never.deadlines.isEmpty)
    }

    @Test func manyDeadlinesFireOnceEachAndNeverEarly() throws {
        let loop = try EventLoop()
        var generator = SystemRandomNumberGenerator()
        var expected: [(Recorder, Int64)] = []
        let startNs = loop.nowNs
        for _ in 0..<500 {
            let recorder = Recorder(loop)
            let registration = try loop.register(recorder)
            var atNs: Int64 = 0
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                atNs = startNs + Int64.random(in: 0...40_000_000, using: &generator)
                loop.setDeadline(atNs, of: registration)
            }
            expected.append((recorder, atNs))
        }
        let end = Recorder(loop)
        end.onDeadline = { loop.stop() }
        loop.setDeadline(startNs + 50_000_000, of: try loop.register(end))
        loop.run()
        for (recorder, atNs) in expected { #expect(recorder.deadlines.count == 1 && recorder.deadlines[0] >= atNs) }
    }

    @Test func dropsEventsOfWhoeverLeft() throws {
        let loop = try EventLoop()
        let listener = try Socket.listening(on: .loopback(port: 0))
        let address = try listener.localAddress()
        let one = Recorder(loop)
        let two = Recorder(loop)
        // Both are ready in the same turn; whichever comes first removes the other.
        let first = try Socket.connecting(to: address)
        let second = try Socket.connecting(to: address)
        let firstPlace = try loop.register(one, descriptor: first.descriptor, interest: .writable)
        let secondPlace = try loop.register(two, descriptor: second.descriptor, interest: .writable)
        one.onReady = {
            loop.unregister(secondPlace)
            loop.stop()
        }
        two.onReady = {
            loop.unregister(firstPlace)
            loop.stop()
        }
        loop.run()
        #expect(one.events.count + two.events.count == 1)
    }

    @Test func callsAgainWithoutWaiting() throws {
        let loop = try EventLoop()
        let recorder = Recorder(loop)
        let registration = try loop.register(recorder)
        recorder.onReady = {
            if recorder.events.count == 3 { loop.stop() } else { loop.again(registration) }
        }
        loop.again(registration)
        loop.again(registration)
        loop.run()
        #expect(recorder.events == [.again, .again, .again])
    }
}
