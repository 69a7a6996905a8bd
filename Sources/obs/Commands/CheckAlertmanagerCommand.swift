import Alerting
import Encoding

extension Command {
    static let checkAlertmanager = Command(
        "check alertmanager", "check Alertmanager configurations before they are used",
        details: """
            Each file is read whole: routes, matchers, time intervals, inhibition and all kinds of receivers with all of \
            their keys. What is wrong is printed as file:line:column with what to do about it. Exit code 1 says that a \
            file would be refused.
            """,
        options: Void(),
        operands: Operands(name: "FILE", doc: "an Alertmanager configuration", count: 1...Int.max, candidates: .files),
        examples: [
            .init(does: "Would this be taken?", line: "obs check alertmanager alertmanager.yml")
        ]
    ) { _, invocation in
        let console = invocation.console
        var areGood = true
        for path in invocation.operands {
            let report = ConfigurationReport()
            let configuration = NamedFiles().alertmanager(path, report)
            for error in report.errors { console.print("\(error)") }
            for notice in report.notices { console.print("\(notice.position): notice: \(notice.text)") }
            if report.isClean, let configuration {
                let routes = configuration.route?.all.count ?? 0
                console.print(
                    "\(path): good, \(routes) \(routes == 1 ? "route" : "routes"), \(configuration.receivers.count) "
                        + "\(configuration.receivers.count == 1 ? "receiver" : "receivers")")
            }
            areGood = areGood && report.isClean
        }
        return areGood ? .ok : .bad
    }
}

extension NamedFiles {
    /// An Alertmanager configuration of its own file; what is wrong is reported.
    func alertmanager(_ path: String, _ report: ConfigurationReport) -> AlertmanagerConfiguration? {
        guard let bytes = read(path, named: path, report) else { return nil }
        return AlertmanagerConfiguration.read(bytes.span, file: path, report)
    }
}
