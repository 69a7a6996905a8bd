import Encoding
import Rules

extension Command {
    struct CheckRulesOptions: Sendable {
        var isQuiet = false
        var asksStore = false
        var server = ServerConnection.Options()
    }

    static let checkRules = Command(
        "check rules", "check rule files before they are used",
        details: """
            Each file is read as the collector would read it, with every expression and template in it. What is wrong is \
            printed as file:line:column with what to do about it. What is allowed and yet hardly meant, such as two rules \
            that write the same series, is named in a notice; with --store also metrics and labels that the collector has \
            never had. Exit code 1 says that a file would be refused.
            """,
        options: CheckRulesOptions(),
        settings: [
            .on("quiet", "no notices") { $0.isQuiet = true },
            .on("store", "notices also of what is not in the store of the collector") { $0.asksStore = true },
            ServerConnection.Options.server.within(\.server),
        ],
        operands: Operands(name: "FILE", doc: "a rule file", count: 1...Int.max, candidates: .files),
        examples: [
            .init(does: "Would these be taken?", line: "obs check rules rules/*.yml"),
            .init(does: "Do they ask for anything that is not there?", line: "obs check rules --store rules/*.yml"),
        ]
    ) { options, invocation in
        let console = invocation.console
        let files = NamedFiles()
        var areGood = true
        for path in invocation.operands {
            let report = ConfigurationReport()
            let groups = files.ruleGroups(path, report)
            for error in report.errors { console.print("\(error)") }
            if !options.isQuiet {
                let labels =
                    try options.asksStore
                    ? storedLabels(RuleLints.metrics(in: groups), ServerConnection(options.server, console)) : nil
                for notice in report.notices + RuleLints.notices(groups, labels: labels) {
                    console.print("\(notice.position): notice: \(notice.text)")
                }
            }
            let count = groups.reduce(0) { $0 + $1.rules.count }
            if report.isClean { console.print("\(path): good, \(count) \(count == 1 ? "rule" : "rules")") }
            areGood = areGood && report.isClean
        }
        return areGood ? .ok : .bad
    }

    /// The names of the labels of those metrics that the server's store has series of.
    private static func storedLabels(
        _ metrics: Set<String>, _ server: ServerConnection
    ) throws -> [String: Set<String>] {
        var labels: [String: Set<String>] = [:]
        for name in metrics.sorted() {
            var question = ServerConnection.Question(path: "/api/v1/labels")
            question.parameters = [("match[]", "{__name__=\(Quoted.text(name))}")]
            let names = try server.data(question).elements?.compactMap(\.text) ?? []
            if !names.isEmpty { labels[name] = Set(names) }
        }
        return labels
    }
}

extension NamedFiles {
    /// The groups of one rule file; what is wrong is reported.
    func ruleGroups(
        _ path: String, _ report: ConfigurationReport, at position: ConfigurationPosition? = nil
    ) -> [RuleGroup] {
        guard let bytes = read(path, named: path, report, at: position) else { return [] }
        return RuleFile.read(bytes.span, file: path, report)
    }
}
