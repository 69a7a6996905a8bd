import HTTP
import Testing

private func answer(_ status: Status, retryAfter: String? = nil) -> RetryPolicy.Outcome {
    .answer(status, retryAfter: retryAfter)
}

struct RetryPolicyTests {
    private let policy = RetryPolicy(attemptsMax: 4, backoffMinNs: 100, backoffMaxNs: 500)

    @Test(arguments: [Status.ok, .noContent, .badRequest, .unauthorized, .notFound, .contentTooLarge])
    func whatIsRightOrWillStayWrongIsNotRepeated(status: Status) {
        #expect(policy.delayNs(after: answer(status), attempt: 1, random: 0) == nil)
    }

    @Test(arguments: [
        (Status.internalServerError, true), (.badGateway, true), (.serviceUnavailable, true), (.tooManyRequests, true),
    ])
    func whatMayPassIsRepeatedUpToTheBound(status: Status, isRepeated: Bool) {
        #expect((policy.delayNs(after: answer(status), attempt: 3, random: 0) != nil) == isRepeated)
        #expect(policy.delayNs(after: answer(status), attempt: 4, random: 0) == nil)
    }

    @Test func theWaitDoublesUpToItsBoundAndHalfOfItIsChance() {
        let failure = RetryPolicy.Outcome.failure(.connect)
        let waits = (1...3).map { policy.delayNs(after: failure, attempt: $0, random: 0) }
        #expect(waits == [50, 100, 200])
        #expect((1...3).map { policy.delayNs(after: failure, attempt: $0, random: 1) } == [100, 200, 400])
        let long = RetryPolicy(attemptsMax: 100, backoffMinNs: 100, backoffMaxNs: 500)
        #expect(long.delayNs(after: failure, attempt: 60, random: 1) == 500)
    }

    @Test func theServerSaysHowLongToWait() {
        #expect(
            policy.delayNs(after: answer(.tooManyRequests, retryAfter: "7"), attempt: 1, random: 0) == 7_000_000_000)
        #expect(
            policy.delayNs(after: answer(.serviceUnavailable, retryAfter: "999999"), attempt: 1, random: 0)
                == 300_000_000_000)
    }

    @Test func tooManyRequestsCanBeFinal() {
        var strict = policy
        strict.retriesTooManyRequests = false
        #expect(strict.delayNs(after: answer(.tooManyRequests), attempt: 1, random: 0) == nil)
    }
}
