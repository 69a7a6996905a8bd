/// A list that is read top to bottom, one member for each file or folder beside it: the compiler does not notice one
/// that was left off, so this does.
struct RegistrationList: Sendable {
    /// The file that holds the list.
    let file: String
    /// The name of the array: `static let all: [Command] = [ ... ]`.
    let name: String
    /// The folder whose members the list names.
    let folder: String
    /// What the members of the folder are.
    let members: Members
    /// File stems of the folder that are no members, each with what it is.
    var beside: [String: String] = [:]

    enum Members: Sendable {
        /// Files directly in the folder, whose stem may carry a suffix that the list leaves out.
        case files(suffix: String)
        /// Folders directly in the folder.
        case folders
    }

    static let all = [
        RegistrationList(
            file: "Sources/Alerting/Stages/Stage.swift", name: "all", folder: "Sources/Alerting/Stages",
            members: .files(suffix: ""),
            beside: ["Stage": "what all of them are", "Deduplication": "for each receiver"]),
        RegistrationList(
            file: "Sources/Alerting/Receivers/ReceiverKind.swift", name: "all", folder: "Sources/Alerting/Receivers",
            members: .folders),
        RegistrationList(
            file: "Sources/obs/Commands/Commands.swift", name: "all", folder: "Sources/obs/Commands",
            members: .files(suffix: "Command")),
        RegistrationList(
            file: "Sources/Agent/Collectors/Collectors.swift", name: "all", folder: "Sources/Agent/Collectors",
            members: .files(suffix: ""), beside: ["Collector": "what all of them are"]),
        RegistrationList(
            file: "Sources/Ingest/Pipelines/LogStages.swift", name: "all", folder: "Sources/Ingest/Pipelines/Stages",
            members: .files(suffix: "")),
        RegistrationList(
            file: "Sources/Agent/Integrations/Integrations.swift", name: "all", folder: "Sources/Agent/Integrations",
            members: .files(suffix: ""),
            beside: ["Integration": "what all of them are", "NginxAccessLog": "what the one of nginx counts"]),
        RegistrationList(
            file: "Tests/Fuzz/FuzzedDecoder.swift", name: "all", folder: "Tests/Fuzz/Decoders",
            members: .files(suffix: "Fuzz")),
    ]

    /// Members of the folder missing from the list, and entries of the list without their file.
    func findings(in files: [SourceFile]) -> [Finding] {
        guard let text = files.first(where: { $0.path == file })?.text, let entries = entries(in: text) else {
            return [Finding(path: file, what: "has no list `\(name)`")]
        }
        let present = membersPresent(in: files)
        let missing = present.filter { !entries.contains($0.key) }.map { key, path in
            Finding(path: path, what: "is not in the list `\(name)` of \(file)")
        }
        let dangling = entries.filter { present[$0] == nil }.map {
            Finding(path: file, what: "the list `\(name)` names \($0), which \(folder) does not have")
        }
        return (missing + dangling).sorted { $0.description < $1.description }
    }

    /// The words of the list in lower case: `.tokenList`, `TokenList.self`, `TokenList.definition` and
    /// `TokenList()` are all `tokenlist`.
    private func entries(in text: String) -> Set<String>? {
        let lines = text.split(separator: "\n")
        guard let first = lines.firstIndex(where: { $0.contains("let \(name):") || $0.contains("let \(name) =") })
        else {
            return nil
        }
        var words: Set<String> = []
        for (index, line) in lines[first...].enumerated() {
            var code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
            if index == 0 { code = code.firstRange(of: "= [").map { code[$0.upperBound...] } ?? "" }
            let end = code.firstIndex(of: "]")
            let found = code[..<(end ?? code.endIndex)].split { !($0.isLetter || $0.isNumber || $0 == "_") }
            words.formUnion(found.map { $0.lowercased() })
            if end != nil { return words.subtracting(["self", "definition"]) }
        }
        return nil
    }

    /// Member names in lower case, each with a path that shows it.
    private func membersPresent(in files: [SourceFile]) -> [String: String] {
        var found: [String: String] = [:]
        for path in files.map(\.path) where path.hasPrefix(folder + "/") && path != file {
            let rest = path.dropFirst(folder.count + 1).split(separator: "/")
            guard let member = member(rest), beside[member] == nil else { continue }
            found[member.lowercased()] = path
        }
        return found
    }

    /// The member that a path inside the folder belongs to, without the suffix.
    private func member(_ path: [Substring]) -> String? {
        switch members {
        case .files(let suffix):
            guard path.count == 1, let stem = path.first?.prefix(while: { $0 != "." }) else { return nil }
            return String(stem.hasSuffix(suffix) ? stem.dropLast(suffix.count) : stem)
        case .folders:
            return path.count > 1 ? path.first.map(String.init) : nil
        }
    }
}
