import Testing

/// One rule of SourceRules, where it holds, and what breaks and what keeps it.
struct RuleCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let findings: @Sendable (SourceFile) -> [Finding]
    let folders: [String]
    let broken: [String]
    let kept: [String]
}

@Suite struct SourceRuleTests {
    static let cases = [
        RuleCase(
            testDescription: "no unfinished mark", findings: SourceRules.unfinished,
            folders: ["Sources", "Tests", "scripts"],
            broken: [
                "// TO" + "DO later", "// FIX" + "ME", "fatalError(\"unimpl" + "emented\")",
                "// Not yet imple" + "mented.",
            ],
            kept: ["let path = \"/tmp/obs.XXXXXX\"", "// what there is to do"]),
        RuleCase(
            testDescription: "a reason beside what needs one", findings: SourceRules.reasons, folders: ["Sources"],
            broken: ["let a = try" + "? read()", "final class A: @unchecked" + " Sendable {"],
            kept: ["let a = try" + "? read()  // a missing file means the default", "/// Never uses `try" + "?`."]),
        RuleCase(
            testDescription: "package is the widest access", findings: SourceRules.access, folders: ["Sources"],
            broken: ["public struct A {}", "    public func a() {}", "@inlinable public init() {}", "open class A {}"],
            kept: ["package struct A {}", "/// open files of the public part"]),
        RuleCase(
            testDescription: "no work on the language's runtime", findings: SourceRules.concurrency,
            folders: ["Sources"],
            broken: ["func a() async throws {", "    let a = await b()", "Task { run() }"],
            kept: ["// never async or awaited", "let asynchronous = true"]),
    ]

    @Test(arguments: cases) func isKeptEverywhere(_ rule: RuleCase) {
        let findings = rule.folders.flatMap { Repository.files(under: $0) }
            .filter { $0.isSwift || $0.path.hasPrefix("scripts/") }.flatMap(rule.findings)
        #expect(findings.isEmpty, "\(list(findings))")
    }

    @Test(arguments: cases) func findsWhatBreaksIt(_ rule: RuleCase) {
        for line in rule.broken {
            #expect(
                rule.findings(SourceFile(path: "Sources/Posix/A.swift", text: "import Glibc\n" + line)).count == 1,
                "\(line)")
        }
        for line in rule.kept {
            #expect(rule.findings(SourceFile(path: "Sources/Posix/A.swift", text: line)).isEmpty, "\(line)")
        }
    }

    @Test func filesAreShortOrOnTheList() {
        let findings = Repository.files(under: "Sources", "Tests", "scripts").flatMap(SourceRules.length)
        #expect(findings.isEmpty, "\(list(findings))")
        let long = SourceFile(path: "Sources/Posix/A.swift", text: String(repeating: "\n", count: 1_000))
        #expect(SourceRules.length(long).count == 1)
        let short = SourceFile(path: "Sources/Posix/A.swift", text: String(repeating: "\n", count: 999))
        #expect(SourceRules.length(short).isEmpty)
    }

    @Test func namesSayWhatIsInside() {
        let findings = Repository.files(under: "Sources", "Tests").flatMap(SourceRules.names)
        #expect(findings.isEmpty, "\(list(findings))")
        #expect(SourceRules.names(SourceFile(path: "Sources/Text/StringUtils.swift", text: "")).count == 1)
        #expect(SourceRules.names(SourceFile(path: "Sources/Text/Common/A.swift", text: "")).count == 1)
        #expect(SourceRules.names(SourceFile(path: "Sources/Text/Commons.swift", text: "")).isEmpty)
    }

    @Test func aRoomWithContentHasNoPlaceholder() {
        let findings = placeholderFindings(in: Repository.files(under: "Sources", "Tests"))
        #expect(findings.isEmpty, "\(list(findings))")
        let planted = ["Sources/Text/Placeholder.swift", "Sources/Text/Glob.swift", "Sources/Web/Placeholder.swift"]
        let found = placeholderFindings(in: planted.map { SourceFile(path: $0, text: "") })
        #expect(found.map(\.path) == ["Sources/Text/Placeholder.swift"])
    }
}

/// A target needs one file to exist; that file goes once there is another.
private func placeholderFindings(in files: [SourceFile]) -> [Finding] {
    func target(_ file: SourceFile) -> String { file.path.split(separator: "/").prefix(2).joined(separator: "/") }
    let filled = Set(files.filter { $0.isSwift && $0.stem != "Placeholder" }.map(target))
    return files.filter { $0.stem == "Placeholder" && filled.contains(target($0)) }
        .map { Finding(path: $0.path, what: "the room has content now; delete this file") }
}
