import Foundation
import Posix
import Testing

@Suite struct OwnedThreadTests {
    @Test func joinReturnsAfterTheBodyEnded() throws {
        let sum = Lock(0)
        let threads = try (1...8).map { number in
            try OwnedThread(name: "adder \(number)") {
                for _ in 0..<1000 { sum.withLock { $0 += number } }
            }
        }
        for thread in threads { thread.join() }
        #expect(sum.withLock { $0 } == 36_000)
    }

    @Test func aSecondJoinReturnsAtOnce() throws {
        let thread = try OwnedThread(name: "once") {}
        thread.join()
        thread.join()
    }

    @Test func theKernelKnowsTheFirstFifteenBytesOfTheName() throws {
        let name = Lock("")
        let thread = try OwnedThread(name: "tsdb merge of many parts") {
            // The calling thread's own entry, as `top -H` reads it.
            let line = try! String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
            name.withLock { $0 = line }
        }
        thread.join()
        #expect(name.withLock { $0 } == "tsdb merge of m\n")
    }

    @Test func aStackThatTheKernelCannotGiveIsAnErrorThatNamesTheThread() {
        #expect(throws: SystemError.self) { try OwnedThread(name: "giant", stackBytes: 1 << 60) {} }
    }

    @Test func droppingAnUnjoinedThreadIsABug() async {
        await #expect(processExitsWith: .failure) {
            let gate = Monitor(false)
            _ = try OwnedThread(name: "stray") { _ = gate.wait { $0 ? () : nil } }
        }
    }
}
