import Encoding

extension Command {
    struct CheckConfigOptions: Sendable {
        var syntaxOnly = false
    }

    static let checkConfig = Command(
        "check config", "check configuration files before they are used",
        details: """
            Each file is read as the collector would read it. What is wrong is printed as file:line:column with what to \
            do about it; what is accepted without effect, such as a kind of discovery that obs does not run, is named \
            in a notice. Exit code 1 says that a file would be refused.
            """,
        options: CheckConfigOptions(),
        settings: [
            .on("syntax-only", "do not look at the files that a configuration names") { $0.syntaxOnly = true }
        ],
        operands: Operands(name: "FILE", doc: "a configuration", count: 1...Int.max, candidates: .files),
        examples: [
            .init(does: "Would this be taken?", line: "obs check config obs.yaml"),
            .init(
                does: "Check a prometheus.yml away from its machine",
                line: "obs check config --syntax-only prometheus.yml"),
        ]
    ) { options, invocation in
        let console = invocation.console
        var areGood = true
        for path in invocation.operands {
            let result = Configuration.load(path: path, syntaxOnly: options.syntaxOnly)
            for error in result.errors { console.print("\(error)") }
            for notice in result.notices { console.print("\(notice.position): notice: \(notice.text)") }
            if result.errors.isEmpty { console.print("\(path): good") }
            areGood = areGood && result.errors.isEmpty
        }
        return areGood ? .ok : .bad
    }
}
