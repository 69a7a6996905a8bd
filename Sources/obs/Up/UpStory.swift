import Alerting
import Encoding
import Posix

/// The story of a page: visitors come, metrics, lines and spans arrive, payments are killed, somebody is paged, payments
/// are started, and the page is resolved. Each step has its time and its limit.
struct UpStory: Sendable {
    struct Step: Sendable {
        let name: String
        let seconds: Double
        let limitSeconds: Double
        let happened: Bool

        var isInTime: Bool { happened && seconds <= limitSeconds }
    }

    static let alert = "MarketplaceServiceDown"
    private static let victim = "payments"
    private static let glanceNs: Int64 = 50_000_000
    /// How long a step is waited for, though it is late then: a busy machine tells how late.
    private static let patienceSeconds = 120.0

    let questions: UpQuestions
    let processes: UpProcesses
    let standIn: StandIn
    /// Raised where the whole was told to end.
    let cancellation: Cancellation
    let say: @Sendable (String) -> Void

    /// Runs all of it; it ends with the first step that does not happen.
    func run() -> [Step] {
        let count = Double(UpProcesses.services.count)
        let before = standIn.pages.count
        var steps: [Step] = []
        func step(_ name: String, within seconds: Double, _ begin: () throws -> Void = {}, _ isDone: () -> Bool) -> Bool
        {
            let made = attempt(name, seconds, begin, isDone)
            steps.append(made)
            say(
                "\(made.happened ? "done" : "MISSED"): \(name) (\(UpGreeting.time(made.seconds)), limit \(UpGreeting.time(seconds)))"
            )
            return made.happened
        }
        func paged(_ isResolved: Bool) -> Bool {
            standIn.pages.dropFirst(before).contains {
                $0.service == .pagerDuty && $0.alert == Self.alert && $0.component == Self.victim
                    && $0.isResolved == isResolved
            }
        }
        _ =
            step("all services are scraped by the agent", within: 60) {
                questions.number("sum(up{job=~\"marketplace|traffic\"})") == count
            }
            && step("visitors are served", within: 60) {
                (questions.number("sum(rate(marketplace_http_requests_total{service=\"gateway\",status=\"200\"}[30s]))")
                    ?? 0) > 0
            }
            && step("lines of the services arrive", within: 60) {
                questions.lines("{job=\"marketplace\"} | json | service=\"gateway\"") > 0
            }
            && step("spans arrive", within: 60) { questions.lines("{service_name=\"gateway\"}") > 0 }
            && step("payments is killed and PagerDuty is told", within: 30) {
                processes.kill(Self.victim)
            } _: {
                paged(false)
            }
            && step("payments is started again and PagerDuty hears that it is over", within: 30) {
                try processes.start(service: Self.victim)
            } _: {
                paged(true)
            }
        return steps
    }

    static let stepCount = 6

    private func attempt(
        _ name: String, _ seconds: Double, _ begin: () throws -> Void, _ isDone: () -> Bool
    ) -> Step {
        let clock = SystemTime()
        let startNs = clock.monotonicNs
        var happened = false
        do {
            try begin()
            while !happened, !cancellation.isRaised, Double(clock.monotonicNs - startNs) / 1e9 < Self.patienceSeconds {
                happened = isDone()
                if !happened { _ = Monitor(false).wait(atMostNs: Self.glanceNs) { $0 ? true : nil } }
            }
        } catch {
            say("\(name): \(error)")
        }
        return Step(
            name: name, seconds: Double(clock.monotonicNs - startNs) / 1e9, limitSeconds: seconds, happened: happened)
    }

    /// The report as JSON.
    static func report(_ steps: [Step], readySeconds: Double) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("ready_seconds", readySeconds)
        writer.member("happened", isWhole(steps))
        writer.member("in_time", isInTime(steps))
        writer.name("steps")
        writer.beginArray()
        for step in steps {
            writer.beginObject()
            writer.member("name", step.name)
            writer.member("happened", step.happened)
            writer.member("in_time", step.isInTime)
            writer.member("seconds", step.seconds)
            writer.member("limit_seconds", step.limitSeconds)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes + [0x0a]
    }

    static func isWhole(_ steps: [Step]) -> Bool { steps.count == stepCount && steps.allSatisfy(\.happened) }

    static func isInTime(_ steps: [Step]) -> Bool { steps.count == stepCount && steps.allSatisfy(\.isInTime) }
}
