import Encoding
package import Posix

/// Dashboards that lie as files of JSON in folders. They are read whenever they are asked for, so that a file that
/// changes is seen at once.
package struct DashboardFolders: Sendable {
    /// One dashboard of a list.
    package struct Entry: Sendable {
        package let identifier: String
        package let title: String
        package let tags: [String]
        /// The folder below the one that is configured; empty for that itself.
        package let folder: String
        let path: String
    }

    /// What a folder may hold; a home directory given by mistake is not read whole.
    private static let filesMax = 2000
    private static let fileBytesMax = 16 << 20
    private static let depthMax = 4

    private let folders: [String]
    private let files: any FileSystem

    package init(_ folders: [String], files: any FileSystem = LocalFileSystem()) {
        (self.folders, self.files) = (folders, files)
    }

    /// All dashboards by title, and a sentence for each file that is none.
    package func list() -> (entries: [Entry], notices: [String]) {
        var entries: [Entry] = []
        var notices: [String] = []
        var seen: Set<String> = []
        for (path, folder) in paths(&notices) {
            do throws(UnreadableDashboard) {
                let entry = try entry(path, folder)
                if seen.insert(entry.identifier).inserted {
                    entries.append(entry)
                } else {
                    notices.append("\(path): another dashboard has the uid \(entry.identifier); give it one of its own")
                }
            } catch {
                notices.append(error.description)
            }
        }
        entries.sort { ($0.title, $0.identifier) < ($1.title, $1.identifier) }
        return (entries, notices)
    }

    /// The JSON of a dashboard; nil where none is called so.
    package func json(_ identifier: String) throws(UnreadableDashboard) -> [UInt8]? {
        for entry in list().entries where entry.identifier == identifier { return try bytes(entry.path) }
        return nil
    }

    private func paths(_ notices: inout [String]) -> [(path: String, folder: String)] {
        var found: [(path: String, folder: String)] = []
        var open = folders.map { (path: $0, folder: "", depth: 0) }
        while !open.isEmpty {
            let (path, folder, depth) = open.removeFirst()
            let names: [String]
            do throws(SystemError) {
                names = try files.list(path).sorted()
            } catch {
                notices.append("\(path): \(error)")
                continue
            }
            for name in names where !name.hasPrefix(".") {
                let inner = FilePath.join(path, name)
                if name.hasSuffix(".json") {
                    found.append((inner, folder))
                } else if depth < Self.depthMax, isDirectory(inner) {
                    open.append((inner, folder.isEmpty ? name : folder + "/" + name, depth + 1))
                }
                if found.count == Self.filesMax {
                    notices.append("\(path): more than \(Self.filesMax) files; the others are left out")
                    return found
                }
            }
        }
        return found
    }

    private func isDirectory(_ path: String) -> Bool {
        do throws(SystemError) {
            return try files.status(at: path)?.kind == .directory
        } catch {
            return false
        }
    }

    private func bytes(_ path: String) throws(UnreadableDashboard) -> [UInt8] {
        do throws(SystemError) {
            return try files.readFile(path, atMostBytes: Self.fileBytesMax)
        } catch {
            throw UnreadableDashboard(description: "\(path): \(error)")
        }
    }

    private func entry(_ path: String, _ folder: String) throws(UnreadableDashboard) -> Entry {
        let bytes = try bytes(path)
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue.parse(bytes.span)
        } catch {
            throw UnreadableDashboard(description: "\(path): \(error)")
        }
        // A resource has the dashboard in `spec`, what the API of Grafana answers has it in `dashboard`.
        let dashboard = json["dashboard"] ?? json["spec"] ?? json
        guard let title = dashboard["title"]?.text else {
            throw UnreadableDashboard(description: "\(path): this JSON has no title, so it is no dashboard")
        }
        let stem = String(path.split(separator: "/").last?.dropLast(5) ?? "")
        let identifier = dashboard["uid"]?.text ?? json["metadata"]?["name"]?.text ?? ""
        return Entry(
            identifier: identifier.isEmpty ? stem : identifier, title: title,
            tags: dashboard["tags"]?.elements?.compactMap(\.text) ?? [], folder: folder, path: path)
    }
}

/// Why a file is no dashboard, as a sentence.
package struct UnreadableDashboard: Error, CustomStringConvertible {
    package let description: String
}
