import Testing

@Suite struct DocumentTests {
    @Test func everyFileFormatHasItsPage() {
        let findings = DocumentRules.formats(in: Repository.files(under: "Sources"))
        #expect(findings.isEmpty, "\(list(findings))")
    }

    @Test func aFormatWithoutItsPageIsFound() {
        let code = SourceFile(path: "Sources/Journal/Segment.swift", text: "    static let magic: UInt32 = 7\n")
        let page = SourceFile(
            path: "Sources/Journal/Journal.docc/Segments.md", text: "# Segments\nWritten by `Segment`.")
        let otherRoom = SourceFile(path: "Sources/Parts/Parts.docc/Parts.md", text: "`Segment`")
        #expect(DocumentRules.formats(in: [code]).count == 1)
        #expect(DocumentRules.formats(in: [code, otherRoom]).count == 1)
        #expect(DocumentRules.formats(in: [code, page]).isEmpty)
        let version = SourceFile(path: "Sources/Parts/Manifest.swift", text: "package let manifestFormatVersion = 1")
        #expect(DocumentRules.formats(in: [version]).count == 1)
        let published = SourceFile(path: "Sources/Encoding/Gzip.swift", text: "static let magic = 0x1f8b")
        #expect(DocumentRules.formats(in: [published]).isEmpty)
    }

    @Test func figuresOfTheReadmeNameTheirCommand() throws {
        let findings = DocumentRules.figures(in: try Repository.file("README.md"))
        #expect(findings.isEmpty, "\(list(findings))")
    }

    @Test(arguments: [
        ("It starts in 12 ms.", 1),
        ("| idle | 9 MB |", 1),
        ("It answers 120,000 requests/s\non two cores.", 1),
        ("It starts in 12 ms (`scripts/prove 02 3`).", 0),
        ("It starts in 12 ms,\nsays `scripts/prove 02 3`.", 0),
        ("| idle | 9 MB | `scripts/prove 02 3` |", 0),
        ("`scripts/prove 02 3`\n\nIt starts in 12 ms.", 1),
        ("# Limits\nA body has at most 16 MB.", 0),
        ("## Commands\n### obs up\nIt ends after 60 s.", 0),
        ("```\n12 ms\n```", 0),
        ("TLS 1.3 and 2 cores.", 0),
    ])
    func aFigureWithoutItsCommandIsFound(text: String, count: Int) {
        #expect(DocumentRules.figures(in: SourceFile(path: "README.md", text: text)).count == count)
    }

    @Test func everyKeyOfAConfigurationIsDescribed() throws {
        let page = try Repository.file("Sources/obs/obs.docc/Configuration.md")
        let findings = DocumentRules.configurationKeys(in: Repository.files(under: "Sources"), page: page)
        #expect(findings.isEmpty, "\(list(findings))")
    }

    @Test func aKeyThatIsNotDescribedIsFound() {
        let code = SourceFile(
            path: "Sources/obs/Configuration/LogOptions.swift",
            text: """
                init(_ section: YAMLSection) {
                    section.bytes("line_limit")
                    section.secret("key", file: "key_file")
                }
                """)
        let page = SourceFile(path: "Configuration.md", text: "line_limit: 5\n`key`")
        #expect(DocumentRules.configurationKeys(in: [code], page: page).map(\.what).count == 1)
    }

    @Test func architectureListsTheRooms() throws {
        let filled = Repository.files(under: "Sources").filter { $0.stem != "Placeholder" }.compactMap(\.room)
        let document = try Repository.file("ARCHITECTURE.md")
        let findings = DocumentRules.rooms(in: document, present: Set(filled))
        #expect(findings.isEmpty, "\(list(findings))")
        let text = "| 1 | `Posix` | files |\n| 3 | `Text` | patterns |\n| 5 | `TSDB` | parts |"
        let found = DocumentRules.rooms(in: SourceFile(path: "A.md", text: text), present: ["Posix", "Text", "Web"])
        #expect(
            found.map(\.what) == [
                "has no row for the room Web", "the row of TSDB does not fit the room or its floor",
                "the row of Text does not fit the room or its floor",
            ])
    }

    @Test func theTopLevelHoldsOnlyWhatItShould() throws {
        let ignored = try Repository.file(".gitignore").lines.map { $0.filter { $0 != "/" } }
        let findings = DocumentRules.topLevel(try Repository.topLevel(), ignored: Set(ignored))
        #expect(findings.isEmpty, "\(list(findings))")
        #expect(
            DocumentRules.topLevel(["Sources", "notes.txt", "dist"], ignored: ["dist"]).map(\.path) == ["notes.txt"])
    }

    @Test func everyShippedFileIsKnownToAParser() {
        let paths = DocumentRules.shipped.keys.flatMap(Repository.paths(under:))
        let findings = DocumentRules.shippedFiles(paths)
        #expect(findings.isEmpty, "\(list(findings))")
        #expect(
            DocumentRules.shippedFiles(["rules/README.md", "rules/host.yaml", "rules/host.toml"]).map(\.path) == [
                "rules/host.toml"
            ])
    }
}
