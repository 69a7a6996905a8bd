import Foundation
import Posix
import Testing

/// Each test runs in a process of its own, because signals belong to the whole process. They are sent to the thread,
/// because the test library has started others by then that do not block them.
@Suite struct SignalTests {
    @Test func signalsArriveInsteadOfEndingTheProcess() async {
        await #expect(processExitsWith: .exitCode(7)) {
            let receiver = try SignalReceiver()
            #expect(receiver.next() == nil)
            pthread_kill(pthread_self(), SIGTERM)
            #expect(receiver.wait() == .terminate)
            pthread_kill(pthread_self(), SIGHUP)
            #expect(receiver.wait() == .hangUp)
            pthread_kill(pthread_self(), SIGINT)
            let isRight = receiver.wait(atMostNs: 10_000_000_000) == .interrupt && receiver.next() == nil
            exit(isRight ? 7 : 1)
        }
    }

    @Test func waitingForASignalEndsWithItsTime() async {
        await #expect(processExitsWith: .exitCode(7)) {
            let receiver = try SignalReceiver([.hangUp])
            exit(receiver.wait(atMostNs: 1_000_000) == nil ? 7 : 1)
        }
    }

    @Test func writingToAClosedPipeIsAnErrorOnceIgnored() async {
        await #expect(processExitsWith: .exitCode(7)) {
            SignalReceiver.ignoreBrokenPipes()
            exit(Self.writeToAClosedPipe() == EPIPE ? 7 : 1)
        }
    }

    /// - Returns: why the write failed; 0 if it did not.
    private static func writeToAClosedPipe() -> Int32 {
        let pipe = Pipe()
        pipe.fileHandleForReading.closeFile()
        return unsafe write(pipe.fileHandleForWriting.fileDescriptor, "x", 1) == -1 ? errno : 0
    }

    @Test func aStuckProcessEndsAtItsDeadlineWithAMessage() async throws {
        let result = await #expect(processExitsWith: .exitCode(3), observing: [\.standardErrorContent]) {
            let deadline = try ExitDeadline(afterNs: 1_000_000, status: 3, message: "still draining, given up")
            let never = Monitor(false)
            _ = never.wait { $0 ? true : nil }
            deadline.cancel()
        }
        let output = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(output.contains("still draining, given up\n"))
    }

    @Test func aCancelledDeadlineDoesNotStrike() async {
        await #expect(processExitsWith: .exitCode(7)) {
            let deadline = try ExitDeadline(afterNs: 50_000_000, message: "never seen")
            deadline.cancel()
            // Longer than the deadline: a wait for nothing that no one can shorten.
            _ = Monitor(false).wait(atMostNs: 100_000_000) { $0 ? true : nil }
            exit(7)
        }
    }
}
