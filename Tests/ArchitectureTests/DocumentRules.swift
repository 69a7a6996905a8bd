/// Documents that must keep up with the code.
enum DocumentRules {
    /// Rooms whose constants belong to formats that others publish.
    static let publishedFormats: Set<String> = ["Encoding", "HTTP", "Crypto"]

    /// A file that declares `magic` or a format's version describes bytes on disk: a page of the room's .docc folder
    /// must name that file (without `.swift`).
    static func formats(in files: [SourceFile]) -> [Finding] {
        let pages = files.filter { $0.path.hasSuffix(".md") && $0.path.contains(".docc/") }
        return files.filter { $0.isSwift && declaresFormat($0) }.compactMap { file in
            guard let room = file.room, !publishedFormats.contains(room) else { return nil }
            let folder = "Sources/\(room)/\(room).docc/"
            let described = pages.contains { $0.path.hasPrefix(folder) && $0.text.contains("`\(file.stem)`") }
            return described
                ? nil
                : Finding(path: file.path, what: "a file format without a page in \(folder) that names `\(file.stem)`")
        }
    }

    private static func declaresFormat(_ file: SourceFile) -> Bool {
        guard file.text.contains("agic") || file.text.contains("ersion") else { return false }
        return file.text.contains(/\blet (magic|\w+Magic|formatVersion|\w+FormatVersion)\b/)
    }

    /// A measured figure in README.md stands in the same paragraph or table row as the command that made it. Limits
    /// and defaults are no measurements: the sections "Limits" and "Commands" are left out with all below them, and so
    /// is code.
    static func figures(in readme: SourceFile) -> [Finding] {
        var findings: [Finding] = []
        for paragraph in paragraphs(of: readme)
        where !paragraph.isCode && !["Limits", "Commands"].contains(paragraph.section) {
            let text = paragraph.text
            guard let figure = text.firstMatch(of: measured) else { continue }
            if !text.contains(/`(scripts\/|obs |wrk |swift )[^`]*`/) {
                findings.append(
                    Finding(
                        path: readme.path, line: paragraph.line,
                        what: "\"\(figure.0)\" without the command that made it"))
            }
        }
        return findings
    }

    private static var measured: Regex<(Substring, Substring)> {
        /\b\d[\d,. ]*(B|KB|MB|GB|KiB|MiB|GiB|ns|us|ms|s|seconds|minutes|requests\/s|handshakes\/s|[kM]\/s|lines of code)(?!\w)/
    }

    private struct Paragraph {
        var line: Int
        var section: String
        var isCode: Bool
        var text: String
    }

    /// Paragraphs, and each row of a table as one of its own.
    private static func paragraphs(of file: SourceFile) -> [Paragraph] {
        var all: [Paragraph] = []
        var section = ""
        var inCode = false
        var continues = false
        for (index, line) in file.lines.enumerated() {
            if line.hasPrefix("```") { inCode.toggle() }
            if line.hasPrefix("#"), !line.hasPrefix("###"), !inCode {
                section = String(line.drop { $0 == "#" || $0 == " " })
            }
            if continues, !line.isEmpty, !line.hasPrefix("|"), !line.hasPrefix("- "), !inCode {
                all[all.count - 1].text += " " + line
            } else {
                all.append(Paragraph(line: index + 1, section: section, isCode: inCode, text: String(line)))
            }
            continues = !line.isEmpty && !line.hasPrefix("|") && !line.hasPrefix("#") && !inCode
        }
        return all
    }

    /// ARCHITECTURE.md has one row for each room that has content, with its floor, and none for another.
    static func rooms(in document: SourceFile, present: Set<String>) -> [Finding] {
        let rows = document.lines.compactMap { $0.wholeMatch(of: /\| (\d|beside) \| `(\w+)` \| .+ \|/) }
        let listed = Dictionary(rows.map { (String($0.2), Int($0.1)) }, uniquingKeysWith: { first, _ in first })
        let missing = present.subtracting(listed.keys).sorted().map {
            Finding(path: document.path, what: "has no row for the room \($0)")
        }
        let wrong = listed.keys.sorted().filter { !present.contains($0) || listed[$0] != Floors.rooms[$0] }.map {
            Finding(path: document.path, what: "the row of \($0) does not fit the room or its floor")
        }
        return missing + wrong
    }

    /// Where the keys of configurations are read that are obs' own.
    static let configurations = [
        "Sources/obs/Configuration/StorageOptions.swift", "Sources/obs/Configuration/LogOptions.swift",
        "Sources/obs/Configuration/QueryOptions.swift", "Sources/obs/Configuration/AuthOptions.swift",
        "Sources/obs/Configuration/DashboardOptions.swift", "Sources/obs/Agent/AgentConfiguration.swift",
        "Sources/Agent/Host/", "Sources/Agent/Integrations/", "Sources/Agent/LogShipper/", "Sources/Agent/LogSources/",
        "Sources/Agent/Spool/", "Sources/Ingest/Pipelines/", "Sources/Ingest/Syslog/", "Sources/Ingest/Listeners/",
        "Sources/Crypto/TLS/TLSOptions+YAML.swift", "Sources/Alerting/Cluster/",
    ]
    /// Keys in those files that are Prometheus'.
    static let keysOfPrometheus: Set = [
        "tsdb", "exemplars", "max_exemplars", "out_of_order_time_window", "stale_series_compaction_threshold",
        "chunk_encoding", "floats", "size", "percentage",
    ]

    /// How a section is asked for a key.
    private static var readKey: Regex<(Substring, Substring?, Substring?)> {
        /\.(?:string|secret|bool|int|float|strings|section|sections|texts|list|path|expression|choice|bytes|durationMs|value)\("([a-z][a-z_]*)"[,)]|(?:file: |\(section, )"([a-z][a-z_]*)"[,)]/
    }

    /// Every key that a configuration may have stands in the page about them.
    static func configurationKeys(in files: [SourceFile], page: SourceFile) -> [Finding] {
        files.filter { file in file.isSwift && configurations.contains { file.path.hasPrefix($0) } }.flatMap { file in
            let keys = Set(file.text.matches(of: readKey).compactMap { $0.1 ?? $0.2 }.map(String.init))
            return keys.subtracting(keysOfPrometheus).sorted().filter { key in
                !page.text.contains("\(key):") && !page.text.contains("`\(key)`")
            }.map { Finding(path: file.path, what: "the key \($0) does not stand in \(page.path)") }
        }
    }

    /// What may lie at the top of the repository; names that .gitignore lists are not part of it.
    static func topLevel(_ names: [String], ignored: Set<String>) -> [Finding] {
        let allowed: Set = [
            "Package.swift", "Sources", "Tests", "dashboards", "rules", "agents", "README.md", "ARCHITECTURE.md",
            "CHANGELOG.md", "scripts", "deploy", "pictures",
        ]
        return names.filter { !allowed.contains($0) && !ignored.contains($0) }
            .map { Finding(path: $0, what: "does not belong to the top level") }
    }

    /// Which parser knows the files of a shipped folder, by extension. A file that no parser knows would ship unread.
    static let shipped: [String: Set<String>] = [
        "dashboards": ["json"], "rules": ["yaml", "md"], "agents": ["yaml"],
    ]

    static func shippedFiles(_ paths: [String]) -> [Finding] {
        paths.filter { path in
            let folder = String(path.prefix { $0 != "/" })
            let known = shipped[folder] ?? []
            let name = path.dropFirst(folder.count + 1)
            return name != "README.md" && !known.contains(String(path.split(separator: ".").last ?? ""))
        }.map { Finding(path: $0, what: "no parser of the tests knows this file") }
    }
}
