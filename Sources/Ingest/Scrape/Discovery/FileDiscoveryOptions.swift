import Encoding
import Model
import Text

/// `file_sd_configs`: targets from files that others write.
package struct FileDiscoveryOptions: Hashable, Sendable {
    /// Paths; the name may have `*`.
    package let files: [String]
    /// Files are also read again when they change; this finds changes that were missed.
    package let refreshIntervalMs: Int64

    init(_ section: YAMLSection) {
        let nodes = section.list("files") ?? []
        files = nodes.compactMap { Self.path($0, section.reader) }
        refreshIntervalMs = section.durationMs("refresh_interval") ?? 300_000
        if nodes.isEmpty {
            section.refuse(at: "files", "file service discovery config must contain at least one path name")
        }
        section.finish()
    }

    package static let endings = [".json", ".yml", ".yaml"]

    private static func path(_ node: YAMLNode, _ reader: YAMLReader) -> String? {
        guard let path = reader.string(node, "an entry of files") else { return nil }
        let star = path.firstIndex(of: "*")
        let isInName = star.map { path[$0...].dropFirst().allSatisfy { $0 != "/" && $0 != "*" } } ?? true
        let hasEnding = endings.contains { path.lowercased().hasSuffix($0) }
        guard isInName, hasEnding, Glob(path) != nil else {
            reader.refuse(
                node, "path name \(Quoted.text(path)) is not valid for file discovery",
                "name .json, .yml or .yaml files, with at most one * in the file's name")
            return nil
        }
        return reader.joined(path)
    }
}
