import Foundation
import Posix
import Testing

@Suite struct BackgroundWorkerTests {
    @Test func stepsFollowEachOtherWhileThereIsMoreAndAfterEachWake() throws {
        let steps = Monitor(0)
        let worker = try BackgroundWorker(name: "merge", intervalNs: .max) { _ in
            let isFirstOfThree = steps.withLock { steps in
                steps += 1
                return steps % 3 != 0
            }
            steps.wakeAll()
            return isFirstOfThree
        }
        #expect(steps.wait(atMostNs: 30_000_000_000) { $0 == 3 ? 3 : nil } == 3)
        worker.wake()
        #expect(steps.wait(atMostNs: 30_000_000_000) { $0 == 6 ? 6 : nil } == 6)
        worker.stop()
        #expect(steps.withLock { $0 } == 6)
    }

    @Test func aStepIsRepeatedAfterTheInterval() throws {
        let steps = Monitor(0)
        let worker = try BackgroundWorker(name: "merge", intervalNs: 1_000) { _ in
            steps.withLock { $0 += 1 }
            steps.wakeAll()
            return false
        }
        #expect(steps.wait(atMostNs: 30_000_000_000) { $0 > 3 ? true : nil } == true)
        worker.stop()
    }

    @Test func aLongStepLearnsThatItShouldStop() throws {
        let hasBegun = Monitor(false)
        let worker = try BackgroundWorker(name: "merge", intervalNs: .max) { isStopping in
            hasBegun.withLock { $0 = true }
            hasBegun.wakeAll()
            while !isStopping() {}
            return true
        }
        _ = hasBegun.wait { $0 ? true : nil }
        worker.stop()
    }

    @Test func theThreadHasALowerPriority() throws {
        let nice = Monitor<Int?>(nil)
        let worker = try BackgroundWorker(name: "merge", intervalNs: .max) { _ in
            // Field 19 of proc_pid_stat(5); the name before it holds no blank here.
            let fields = try! String(contentsOfFile: "/proc/thread-self/stat", encoding: .utf8).split(separator: " ")
            nice.withLock { $0 = Int(fields[18]) }
            nice.wakeAll()
            return false
        }
        #expect(nice.wait(atMostNs: 30_000_000_000) { $0 } == 10)
        worker.stop()
    }
}
