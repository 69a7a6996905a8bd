import Testing

@Suite struct ImportTests {
    @Test func importsPointDown() {
        let findings = importFindings(in: Repository.files(under: "Sources"))
        #expect(findings.isEmpty, "\(list(findings))")
    }

    @Test func targetsOfThePackagePointDown() throws {
        let findings = packageFindings(in: try Repository.file("Package.swift"))
        #expect(findings.isEmpty, "\(list(findings))")
    }

    @Test(arguments: [
        ("Sources/Posix/A.swift", "import Foundation", "Foundation"),
        ("Sources/Posix/A.swift", "import FoundationEssentials", "Foundation"),
        ("Sources/Posix/A.swift", "package import Encoding", "Posix (floor 1) may not see Encoding (floor 1)"),
        ("Sources/Text/A.swift", "internal import struct Model.Labels", "Text (floor 2) may not see Model (floor 3)"),
        ("Sources/PromQL/A.swift", "@preconcurrency import TSDB", "only obs may see TSDB"),
        ("Sources/Web/API/A.swift", "import TSDB", "only obs may see TSDB"),
        ("Sources/PromQL/A.swift", "import LogQL", "PromQL (floor 5) may not see LogQL (floor 5)"),
        ("Sources/Alerting/A.swift", "import PromQL", "Alerting does not see PromQL"),
        ("Sources/Marketplace/A.swift", "import Storage", "Marketplace imports"),
        ("Sources/Ingest/A.swift", "import Dispatch", "neither a room"),
        ("Sources/Cellar/A.swift", "import Posix", "in no floor"),
    ])
    func aForbiddenImportIsFound(path: String, line: String, reason: String) throws {
        let findings = importFindings(in: [SourceFile(path: path, text: "// Contract.\n\(line)\n")])
        try #require(findings.count == 1)
        #expect(findings[0].line == 2)
        #expect(findings[0].what.contains(reason))
    }

    @Test(arguments: [
        ("Sources/LogQL/A.swift", "import PromQL"),
        ("Sources/TSDB/A.swift", "import LabelIndex"),
        ("Sources/obs/A.swift", "import TSDB"),
        ("Sources/Text/A.swift", "internal import CRE2"),
        ("Sources/Posix/A.swift", "package import Glibc"),
        ("Sources/Marketplace/A.swift", "import HTTP"),
        ("Sources/Text/A.swift", "/// An important Model is no import."),
        ("Tests/TextTests/A.swift", "import Foundation"),
    ])
    func anAllowedImportIsNot(path: String, line: String) {
        #expect(importFindings(in: [SourceFile(path: path, text: line)]).isEmpty)
    }

    @Test(arguments: [
        #"room("Posix", ["Telemetry"])"#,
        "room(\n    \"Web\",\n    [\"Model\", \"TSDB\"])",
        #".executableTarget(name: "Marketplace", dependencies: ["Storage"])"#,
    ])
    func anEdgeOfThePackageThatPointsUpIsFound(target: String) {
        let manifest = SourceFile(path: "Package.swift", text: "let floor: [Target] = [\(target)]")
        #expect(packageFindings(in: manifest).count == 1)
    }

    @Test func aProgramUnderTestsMaySeeEverything() {
        let target = #".executableTarget(name: "Benchmarks", dependencies: ["TSDB"], path: "Tests/Benchmarks")"#
        #expect(packageFindings(in: SourceFile(path: "Package.swift", text: target)).isEmpty)
    }

    @Test func everyFolderOfSourcesIsATarget() throws {
        let manifest = try Repository.file("Package.swift").text
        let rooms = Set(Repository.files(under: "Sources").compactMap(\.room))
        #expect(rooms.contains("Posix"))
        for room in rooms {
            #expect(manifest.contains("\"\(room)\""), "Sources/\(room) is no target of Package.swift")
        }
    }
}
