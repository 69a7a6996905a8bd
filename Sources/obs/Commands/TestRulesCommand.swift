import Crypto
import Encoding
import LogDB
import Posix
import PromQL
import Rules
import TSDB

extension Command {
    struct TestRulesOptions: Sendable {
        var only: [String] = []
    }

    static let testRules = Command(
        "test rules", "run the unit tests of rules",
        details: """
            It reads the test files of promtool: series in the notation `0+10x5`, what alerts fire when, and what \
            expressions give; and, under `input_logs`, lines of logs: `stream: '{app="a"}'` with `lines`, each with its \
            `line`, `at`, and where it repeats `count` and `every`. Each test runs on a store of its own, in no time. What is not as expected is printed as \
            file:line:column with both sides. Exit code 1 says that a test failed.
            """,
        options: TestRulesOptions(),
        settings: [
            .value("only", "NAME", "only the tests of this name; may be given several times") {
                $0.only.append($1)
            }
        ],
        operands: Operands(name: "FILE", doc: "a file of tests", count: 1...Int.max, candidates: .files),
        examples: [
            .init(does: "Run all tests", line: "obs test rules tests/*.yml"),
            .init(does: "Run one", line: "obs test rules --only 'disk fills up' tests/disk.yml"),
        ]
    ) { options, invocation in
        let workers = try Workers(helpers: 0)
        defer { workers.stop() }
        var areGood = true
        for path in invocation.operands {
            let failures = try RuleTests(path: path, only: options.only, workers: workers).failures()
            for failure in failures { invocation.console.print(failure) }
            if failures.isEmpty { invocation.console.print("\(path): good") }
            areGood = areGood && failures.isEmpty
        }
        return areGood ? .ok : .bad
    }
}

/// One file of tests with the rule files that it names.
private struct RuleTests {
    let path: String
    let only: [String]
    let workers: Workers

    func failures() throws -> [String] {
        let report = ConfigurationReport()
        let files = NamedFiles()
        guard let bytes = files.read(path, named: path, report) else { return report.errors.map(\.description) }
        let tests = RuleTestFile.read(bytes.span, file: path, report)
        var groups: [RuleGroup] = []
        for entry in tests.ruleFiles {
            let pattern = FilePattern(position: entry.position, text: entry.path, path: entry.path)
            for file in files.paths(matching: pattern, report) { groups += files.ruleGroups(file, report) }
        }
        guard report.isClean else { return report.errors.map(\.description) }
        let run = RuleTestRun(tests, groups: groups, workers: workers)
        var failures: [String] = []
        for test in tests.cases where only.isEmpty || only.contains(test.name) {
            try Self.withStores { failures += run.failures(of: test, on: $0, logs: $1).map(\.description) }
        }
        return failures
    }

    /// Stores under the folder for temporary files, which are gone afterwards.
    private static func withStores(_ body: (TimeSeriesStore, LogDatabase) -> Void) throws {
        let files = LocalFileSystem()
        let parent = Environment.process.value("TMPDIR") ?? "/tmp"
        let directory = FilePath.join(parent, "obs-test-rules-\(Hexadecimal.string(SecureRandom.bytes(8).span))")
        try files.createDirectories(directory)
        defer {
            try? files.removeTree(directory)  // what stays behind in the folder for temporary files harms nobody
        }
        var options = StoreOptions()
        options.hasBackgroundThreads = false
        options.freeBytesMin = 0
        options.freeShareMin = 0
        let store = try TimeSeriesStore(directory: FilePath.join(directory, "metrics"), options: options)
        var logOptions = LogStoreOptions()
        logOptions.hasBackgroundThreads = false
        logOptions.freeBytesMin = 0
        logOptions.freeShareMin = 0
        let logs = try LogDatabase(directory: FilePath.join(directory, "logs"), options: logOptions)
        body(store, logs)
        try store.close()
        try logs.close()
    }
}
