/// Rules that a single file keeps or breaks.
enum SourceRules {
    static let linesMax = 1_000
    /// Files that are one long idea and read top to bottom, each with that idea.
    static let longFiles: [String: String] = [:]

    /// Names that do not say what is inside.
    static let vagueWords = ["Utils", "Utilities", "Helpers", "Helper", "Common", "Misc", "Manager", "Impl"]

    static func length(_ file: SourceFile) -> [Finding] {
        let count = file.lines.count
        if count > linesMax, longFiles[file.path] == nil {
            return [
                Finding(path: file.path, what: "\(count) lines, more than \(linesMax): which noun wants its own file?")
            ]
        }
        if count <= linesMax, longFiles[file.path] != nil {
            return [Finding(path: file.path, what: "is on the list of long files and is not long any more")]
        }
        return []
    }

    /// Marks of unfinished work. They are put together here so that this file does not find itself.
    static func unfinished(_ file: SourceFile) -> [Finding] {
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
        let sentences = ["not " + "implemented", "not yet " + "implemented", "fatalError(\"" + "unimpl"]
        return each(file) { line in
            if let word = words.first(where: { containsWord($0, in: line) }) { return "unfinished mark \(word)" }
            if line.contains("501:") { return nil }  // HTTP's own words for that status
            let lower = line.lowercased()
            return sentences.first { lower.contains($0.lowercased()) }.map { "unfinished: \($0)" }
        }
    }

    /// Constructs that need their reason on the same line, after `//`.
    static func reasons(_ file: SourceFile) -> [Finding] {
        // The blanks keep `Registry?` and `Entry? {` from being taken for it.
        let constructs = [" try" + "? ", "@unchecked" + " Sendable", "nonisolated" + "(unsafe)"]
        return each(file) { line in
            guard let construct = constructs.first(where: { code(line).contains($0) }) else { return nil }
            return line.contains("//") ? nil : "\(construct.drop { $0 == " " }) without its reason on the line"
        }
    }

    /// `package` is the widest access: there is one package and nothing outside it.
    static func access(_ file: SourceFile) -> [Finding] {
        each(file) { line in
            guard line.contains("public") || line.contains("open") else { return nil }
            let declaration =
                /^\s*(?:@\w+\s+)*(public|open)\s+(?:\w+\s+)*(?:class|struct|enum|protocol|func|var|let|init|extension)\b/
            return line.firstMatch(of: declaration).map { "`\($0.1)`: package is the widest access in use" }
        }
    }

    /// Threads that we own carry the work; nothing is scheduled by the language's runtime.
    static func concurrency(_ file: SourceFile) -> [Finding] {
        each(file) { line in
            let text = code(line)
            let banned = [" async ", " async throws", "await ", "Task {", "Task.detached", "DispatchQueue"]
            return banned.first(where: text.contains).map { "`\($0)` in a stack of owned threads" }
        }
    }

    /// File and folder names that could hold anything.
    static func names(_ file: SourceFile) -> [Finding] {
        let parts = file.path.split(separator: "/").map { $0.prefix { $0 != "." } }
        guard let word = vagueWords.first(where: { word in parts.contains { $0.hasSuffix(word) } }) else { return [] }
        return [Finding(path: file.path, what: "\"\(word)\" does not say what is inside")]
    }

    private static func each(_ file: SourceFile, _ complaint: (String) -> String?) -> [Finding] {
        file.lines.enumerated().compactMap { index, line in
            complaint(String(line)).map { Finding(path: file.path, line: index + 1, what: $0) }
        }
    }

    /// The line without its comment.
    private static func code(_ line: String) -> Substring {
        var previous: Character?
        for index in line.indices {
            if line[index] == "/", previous == "/" { return line[..<line.index(before: index)] }
            previous = line[index]
        }
        return line[...]
    }

    private static func containsWord(_ word: String, in line: String) -> Bool {
        line.contains(word) && line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.contains { $0 == word }
    }
}
