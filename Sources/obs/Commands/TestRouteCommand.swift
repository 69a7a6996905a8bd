import Alerting
import Encoding
import Model
import Posix

extension Command {
    struct TestRouteOptions: Sendable {
        var configuration = "alertmanager.yml"
        var atMs: Int64?
    }

    static let testRoute = Command(
        "test route", "show where an alert with these labels goes",
        details: """
            It prints a line for each route that takes the alert: the receiver, how long a group waits and repeats, the \
            labels that make the group, and the time intervals that mute it at this moment.
            """,
        options: TestRouteOptions(),
        settings: [
            .value(
                "config", "FILE", short: "c", "an Alertmanager configuration", fallback: "alertmanager.yml",
                candidates: .files
            ) { $0.configuration = $1 },
            .value("at", "TIME", "the moment for time intervals, such as 2026-11-20T19:51:00Z", fallback: "now") {
                (options, text) throws(UsageError) in
                guard let ms = RFC3339.ms(text) else {
                    throw UsageError("'\(text)' is no moment such as 2026-11-20T19:51:00Z")
                }
                options.atMs = ms
            },
        ],
        operands: Operands(name: "LABEL=VALUE", doc: "a label of the alert", count: 0...Int.max, candidates: .nothing),
        examples: [
            .init(
                does: "Who gets it?",
                line: "obs test route -c alertmanager.yml alertname=DiskFull severity=page team=db")
        ]
    ) { options, invocation in
        var builder = LabelsBuilder()
        for operand in invocation.operands {
            guard let equals = operand.firstIndex(of: "="), equals > operand.startIndex else {
                throw UsageError("'\(operand)' is no label: write it as name=value")
            }
            builder.set(String(operand[..<equals]), String(operand[operand.index(after: equals)...]))
        }
        let report = ConfigurationReport()
        let configuration = NamedFiles().alertmanager(options.configuration, report)
        guard report.isClean, let configuration, let root = configuration.route else {
            for error in report.errors { invocation.console.print("\(error)") }
            return .bad
        }
        let labels = builder.labels()
        let atMs = options.atMs ?? SystemTime().wallMs
        for route in root.matches(labels) {
            invocation.console.print(line(route, labels, configuration.muteReasons(route, atMs: atMs)))
        }
        return .ok
    }

    private static func line(_ route: Route, _ labels: Labels, _ mutes: [String]) -> String {
        let group = route.group(of: labels).pairs.map { "\($0.name)=\(Quoted.text($0.value))" }.joined(separator: ",")
        let muted = mutes.isEmpty ? "" : ", muted now by \(mutes.joined(separator: ", "))"
        return "\(route.receiver): group {\(group)}, group_wait \(Durations.text(ofMs: route.groupWaitMs)), "
            + "group_interval \(Durations.text(ofMs: route.groupIntervalMs)), "
            + "repeat_interval \(Durations.text(ofMs: route.repeatIntervalMs))\(muted)"
    }
}
