import Testing

@Suite struct RegistrationTests {
    @Test(arguments: RegistrationList.all) func namesWhatItsFolderHolds(_ registration: RegistrationList) {
        let findings = registration.findings(in: Repository.files(under: "Sources", "Tests"))
        #expect(findings.isEmpty, "\(list(findings))")
    }

    private let files = RegistrationList(
        file: "Sources/obs/Commands/Commands.swift", name: "all", folder: "Sources/obs/Commands",
        members: .files(suffix: "Command"), beside: ["Exit": "the exit codes"])

    private func tree(_ body: String, _ paths: String...) -> [SourceFile] {
        [SourceFile(path: files.file, text: "enum Commands {\n    static let all: [Command] = [\n\(body)\n    ]\n}\n")]
            + paths.map { SourceFile(path: $0, text: "") }
    }

    @Test func aCompleteListHasNoFinding() {
        let found = files.findings(
            in: tree(
                ".up, .tokenList,  // the two", "Sources/obs/Commands/UpCommand.swift",
                "Sources/obs/Commands/TokenListCommand.swift", "Sources/obs/Commands/Exit.swift"))
        #expect(found.isEmpty, "\(list(found))")
    }

    @Test func aMemberLeftOffTheListIsFound() {
        let found = files.findings(
            in: tree(
                ".up,  // tokenList is not here", "Sources/obs/Commands/UpCommand.swift",
                "Sources/obs/Commands/TokenListCommand.swift"))
        #expect(found.map(\.path) == ["Sources/obs/Commands/TokenListCommand.swift"])
    }

    @Test func anEntryWithoutItsFileIsFound() {
        let found = files.findings(in: tree(".up, .down", "Sources/obs/Commands/UpCommand.swift"))
        #expect(found.count == 1)
        #expect(found.first?.what.contains("names down") == true)
    }

    @Test func foldersAreMembersWhereTheListSaysSo() {
        let protocols = RegistrationList(
            file: "Sources/Ingest/IngestProtocols.swift", name: "all", folder: "Sources/Ingest", members: .folders)
        let text = "package let all: [any IngestProtocol.Type] = [RemoteWrite.self]"
        let tree = [
            SourceFile(path: protocols.file, text: text),
            SourceFile(path: "Sources/Ingest/RemoteWrite/RemoteWrite.swift", text: ""),
            SourceFile(path: "Sources/Ingest/LokiPush/LokiPush.swift", text: ""),
        ]
        let found = protocols.findings(in: tree)
        #expect(found.map(\.path) == ["Sources/Ingest/LokiPush/LokiPush.swift"])
    }

    @Test func aMissingListIsFound() {
        #expect(files.findings(in: [SourceFile(path: files.file, text: "")]).count == 1)
    }
}
