package import Posix
import Text

/// A path with wildcards in any of its parts: `*` and `?` within a part, `**` for any folders. Hidden names are matched
/// only where the pattern begins with a point too.
package struct FileGlob: Sendable {
    package enum Limits {
        /// How deep `**` goes, so that a loop of links ends.
        package static let depthMax = 16
    }

    private enum Part: Sendable {
        case name(String)
        case pattern(Glob, showsHidden: Bool)
        case folders
    }

    package let pattern: String
    private let parts: [Part]

    /// Nil where the pattern is no absolute path or a class in it has no end.
    package init?(_ pattern: String) {
        guard pattern.hasPrefix("/") else { return nil }
        var parts: [Part] = []
        for part in pattern.split(separator: "/") {
            guard part != "**" else {
                parts.append(.folders)
                continue
            }
            guard let glob = Glob(String(part)) else { return nil }
            parts.append(
                glob.hasWildcards ? .pattern(glob, showsHidden: part.hasPrefix(".")) : .name(String(part)))
        }
        self.pattern = pattern
        self.parts = parts
    }

    /// The paths that there are now, sorted, files and folders alike.
    package func paths(in system: any FileSystem = LocalFileSystem()) -> [String] {
        var found: Set<String> = []
        expand(parts[...], under: "", depth: 0, system) { path, _ in found.insert(path) }
        return found.sorted()
    }

    /// The folders in which a new file could match, for whoever watches them.
    package func folders(in system: any FileSystem = LocalFileSystem()) -> Set<String> {
        var found: Set<String> = []
        expand(parts.dropLast(), under: "", depth: 0, system) { path, _ in
            let folder = path.isEmpty ? "/" : path
            if Self.isFolder(folder, system) { found.insert(folder) }
        }
        return found
    }

    /// Whether a path would be found if it were there.
    package func matches(_ path: String) -> Bool {
        Self.matches(parts[...], path.split(separator: "/").map(String.init)[...])
    }

    private static func matches(_ parts: ArraySlice<Part>, _ names: ArraySlice<String>) -> Bool {
        guard let part = parts.first else { return names.isEmpty }
        if case .folders = part {
            return (0...names.count).contains { matches(parts.dropFirst(), names.dropFirst($0)) }
        }
        guard let name = names.first else { return false }
        let isMatch =
            switch part {
            case .name(let own): own == name
            case .pattern(let glob, let showsHidden): (showsHidden || !name.hasPrefix(".")) && glob.matches(name)
            case .folders: true
            }
        return isMatch && matches(parts.dropFirst(), names.dropFirst())
    }

    private func expand(
        _ parts: ArraySlice<Part>, under folder: String, depth: Int, _ system: any FileSystem,
        _ found: (String, Int) -> Void
    ) {
        guard let part = parts.first else { return found(folder, depth) }
        let rest = parts.dropFirst()
        switch part {
        case .name(let name):
            let path = "\(folder)/\(name)"
            guard !rest.isEmpty || Self.exists(path, system) else { return }
            expand(rest, under: path, depth: depth, system, found)
        case .pattern(let glob, let showsHidden):
            for name in Self.names(folder, system) where showsHidden || !name.hasPrefix(".") {
                if glob.matches(name) { expand(rest, under: "\(folder)/\(name)", depth: depth, system, found) }
            }
        case .folders:
            expand(rest, under: folder, depth: depth, system, found)
            guard depth < Limits.depthMax else { return }
            for name in Self.names(folder, system) where !name.hasPrefix(".") {
                let path = "\(folder)/\(name)"
                if Self.isFolder(path, system) { expand(parts, under: path, depth: depth + 1, system, found) }
            }
        }
    }

    private static func names(_ folder: String, _ system: any FileSystem) -> [String] {
        (try? system.list(folder.isEmpty ? "/" : folder)) ?? []  // a folder that is not there has no files
    }

    private static func exists(_ path: String, _ system: any FileSystem) -> Bool {
        (try? system.status(at: path)).flatMap(\.self) != nil  // what cannot be looked at is as good as absent
    }

    private static func isFolder(_ path: String, _ system: any FileSystem) -> Bool {
        (try? system.status(at: path))??.kind == .directory  // the same
    }
}
