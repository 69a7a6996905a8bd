/// The module that an import line names, or nil for another line.
func importedModule(_ line: Substring) -> String? {
    guard line.contains("import ") else { return nil }
    let pattern =
        /^\s*(?:@\w+(?:\(\w+\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/
    return line.firstMatch(of: pattern).map { String($0.1) }
}

/// Import lines under Sources against the floors.
func importFindings(in files: [SourceFile]) -> [Finding] {
    files.filter(\.isSwift).flatMap { file -> [Finding] in
        guard let room = file.room else { return [] }
        return file.lines.enumerated().compactMap { index, line in
            importedModule(line).flatMap { Floors.refusal(of: $0, in: room) }
                .map { Finding(path: file.path, line: index + 1, what: $0) }
        }
    }
}

/// The edges of Package.swift against the floors: `room("Text", ["Encoding", "CRE2"])` and the executable targets, but
/// for programs that lie under Tests.
func packageFindings(in manifest: SourceFile) -> [Finding] {
    let rooms = manifest.text.matches(of: /room\(\s*"(\w+)",\s*\[([^\]]*)\]/).map { ($0.1, $0.2) }
    let executables = manifest.text.matches(
        of: /\.executableTarget\(\s*name:\s*"(\w+)",\s*dependencies:\s*\[([^\]]*)\]([^)]*)/
    ).filter { !$0.3.contains("path: \"Tests/") }.map { ($0.1, $0.2) }
    return (rooms + executables).flatMap { name, dependencies in
        dependencies.matches(of: /"(\w+)"/).compactMap { match in
            Floors.refusal(of: String(match.1), in: String(name))
                .map { Finding(path: manifest.path, what: "target \(name): \($0)") }
        }
    }
}
