import Encoding
import Rules

extension Command {
    struct CheckRulesOptions: Sendable {
        var isQuiet = false
    }

    static let checkRules = Command(
        "check rules", "check rule files before they are used",
        details: """
            Each file is read as the collector would read it, with every expression and template in it. What is wrong is \
            printed as file:line:column with what to do about it. What is allowed and yet hardly meant, such as two rules \
            that write the same series, is named in a notice. Exit code 1 says that a file would be refused.
            """,
        options: CheckRulesOptions(),
        settings: [.on("quiet", "no notices") { $0.isQuiet = true }],
        operands: Operands(name: "FILE", doc: "a rule file", count: 1...Int.max, candidates: .files),
        examples: [
            .init(does: "Would these be taken?", line: "obs check rules rules/*.yml")
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
                for notice in report.notices + RuleLints.notices(groups) {
                    console.print("\(notice.position): notice: \(notice.text)")
                }
            }
            let count = groups.reduce(0) { $0 + $1.rules.count }
            if report.isClean { console.print("\(path): good, \(count) \(count == 1 ? "rule" : "rules")") }
            areGood = areGood && report.isClean
        }
        return areGood ? .ok : .bad
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
