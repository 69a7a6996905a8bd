import Foundation

/// One file of the repository as the rules see it.
struct SourceFile: Sendable {
    /// Relative to the top of the repository, `Sources/Posix/Lock.swift`.
    let path: String
    let text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    var name: String { String(path.split(separator: "/").last ?? "") }
    /// The file name without its extension.
    var stem: String { String(name.prefix { $0 != "." }) }
    /// The room that the file belongs to, where it lies under Sources and is not C.
    var room: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" && parts[1] != "C" ? String(parts[1]) : nil
    }
    var isSwift: Bool { path.hasSuffix(".swift") }
}

/// A place where a rule is broken, printed as `file:line: sentence`.
struct Finding: CustomStringConvertible, Sendable {
    let path: String
    var line = 0
    let what: String

    var description: String { line > 0 ? "\(path):\(line): \(what)" : "\(path): \(what)" }
}

/// The repository that this test was compiled from.
enum Repository {
    static let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The files under the folders, in order of their paths.
    static func files(under folders: String...) -> [SourceFile] {
        folders.flatMap(paths(under:)).sorted().compactMap { path in
            let url = top.appending(path: path)
            guard let data = FileManager.default.contents(atPath: url.path) else { return nil }
            return String(bytes: data, encoding: .utf8).map { SourceFile(path: path, text: $0) }
        }
    }

    static func file(_ path: String) throws -> SourceFile {
        SourceFile(path: path, text: try String(contentsOf: top.appending(path: path), encoding: .utf8))
    }

    /// Paths of the ordinary files under a folder, binary ones included.
    static func paths(under folder: String) -> [String] {
        let walk = FileManager.default.enumerator(atPath: top.appending(path: folder).path)
        return (walk?.compactMap { $0 as? String } ?? []).map { "\(folder)/\($0)" }.filter { path in
            var isFolder: ObjCBool = false
            let exists = unsafe FileManager.default.fileExists(
                atPath: top.appending(path: path).path, isDirectory: &isFolder)
            // What set-up takes from packages is nobody's work here.
            return exists && !isFolder.boolValue && !path.contains("/Assets/vendor/")
        }
    }

    /// What lies at the top, hidden entries left out.
    static func topLevel() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: top.path).filter { !$0.hasPrefix(".") }.sorted()
    }
}

/// The findings as a failure message, one a line.
func list(_ findings: [Finding]) -> String {
    "\n" + findings.map(\.description).joined(separator: "\n")
}
