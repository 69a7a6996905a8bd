import Encoding
import Posix
import Web

extension Command {
    static let checkDashboards = Command(
        "check dashboards", "check dashboards before they are used",
        details: """
            Each file is read as the pages would read it: Grafana's JSON, in its classic, V1 or V2 form. An expression that \
            cannot be asked is an error. What is not known here, such as a kind of panel or a unit, is named in a notice, as \
            it is on the panel in the page. Exit code 1 says that a file has an error.
            """,
        options: Void(),
        operands: Operands(name: "FILE", doc: "a dashboard", count: 1...Int.max, candidates: .files),
        examples: [
            .init(does: "What would be missing of these?", line: "obs check dashboards dashboards/*.json")
        ]
    ) { _, invocation in
        let console = invocation.console
        let report = ConfigurationReport()
        var areGood = true
        for path in invocation.operands {
            guard let bytes = NamedFiles().read(path, named: path, report) else { continue }
            do throws(JSONError) {
                let check = DashboardCheck(try JSONValue.parse(bytes.span))
                for error in check.errors { console.print("\(path): \(error)") }
                for notice in check.notices { console.print("\(path): notice: \(notice)") }
                if check.errors.isEmpty {
                    console.print("\(path): good, \(check.panelCount) \(check.panelCount == 1 ? "panel" : "panels")")
                }
                areGood = areGood && check.errors.isEmpty
            } catch {
                console.print("\(path): \(error)")
                areGood = false
            }
        }
        for error in report.errors { console.print("\(error)") }
        return areGood && report.isClean ? .ok : .bad
    }
}
