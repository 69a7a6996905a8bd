import Encoding
import Posix
import Text

/// The files that a configuration names, read for checking.
struct NamedFiles: Sendable {
    let system: any FileSystem

    init(_ system: any FileSystem = LocalFileSystem()) { self.system = system }

    /// The bytes of a file; nil where an error was reported at `position`, or at the file itself.
    func read(
        _ path: String, named file: String, _ report: ConfigurationReport, at position: ConfigurationPosition? = nil
    ) -> [UInt8]? {
        do throws(SystemError) {
            return try system.readFile(path, atMostBytes: YAMLParser.Limits.bytesMax)
        } catch {
            report.add(ConfigurationError(at: position ?? .init(file: file, line: 1, column: 1), "\(error)"))
            return nil
        }
    }

    func exists(_ path: String) -> Bool {
        let status = try? system.status(at: path)  // a path that cannot be looked at is as good as absent
        return status.flatMap(\.self) != nil
    }

    /// The files that a pattern means, sorted. A plain path that is not there is refused.
    func paths(matching pattern: FilePattern, _ report: ConfigurationReport) -> [String] {
        let name = FilePath.name(of: pattern.path)
        guard let glob = Glob(name), glob.hasWildcards else {
            if exists(pattern.path) { return [pattern.path] }
            report.add(
                ConfigurationError(
                    at: pattern.position, "\(Quoted.text(pattern.text)) does not point to an existing file",
                    "create it or correct the path"))
            return []
        }
        let folder = FilePath.parent(of: pattern.path)
        let names = (try? system.list(folder)) ?? []  // a folder that is not there has no files
        return names.filter(glob.matches).sorted().map { FilePath.join(folder, $0) }
    }

    /// Refuses what is named and not there.
    func check(_ report: ConfigurationReport) {
        for file in report.files where !exists(file.path) {
            report.add(
                ConfigurationError(
                    at: file.position, "error checking \(file.setting) \(Quoted.text(file.path)): no such file",
                    "create it or correct the path"))
        }
    }
}
