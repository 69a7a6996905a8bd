import Encoding
import Posix
import Text

/// Targets from files, read again when they change and, for changes that nobody told of, now and then.
struct FileDiscovery: Discovery {
    private let options: FileDiscoveryOptions

    init(_ options: FileDiscoveryOptions) { self.options = options }

    func run(_ turn: DiscoveryTurn) {
        let watch: ChangeWatch
        do throws(SystemError) {
            watch = try ChangeWatch(.closed)
        } catch {
            return turn.failed("\(error)")
        }
        turn.onEnd { watch.wake() }
        var known: [String: [TargetGroup]] = [:]
        var published: [TargetGroup]?
        while !turn.isEnding {
            // Watched before it is read, so that no change falls between.
            for file in options.files { _ = watch.add(FilePath.parent(of: file)) }
            let groups = read(turn, &known)
            if groups != published { turn.publish(groups) }
            published = groups
            watch.wait(atMostMs: Int32(clamping: options.refreshIntervalMs))
        }
    }

    /// The targets of all files; a file that cannot be read keeps those that it had.
    private func read(_ turn: DiscoveryTurn, _ known: inout [String: [TargetGroup]]) -> [TargetGroup] {
        let paths = options.files.flatMap { Self.paths($0, turn.context.files) }
        var groups: [TargetGroup] = []
        for path in paths {
            do throws(SystemError) {
                let bytes = try turn.context.files.readFile(path, atMostBytes: YAMLParser.Limits.bytesMax)
                let report = ConfigurationReport()
                let found = TargetGroup.read(file: bytes.span, named: path, report)
                if let error = report.errors.first {
                    turn.failed("\(error)")
                } else {
                    known[path] = found.map { $0.adding(["__meta_filepath": path]) }
                }
            } catch {
                turn.failed("\(error)")
            }
            groups += known[path] ?? []
        }
        for path in known.keys where !paths.contains(path) { known[path] = nil }
        return groups
    }

    private static func paths(_ pattern: String, _ files: any FileSystem) -> [String] {
        guard let glob = Glob(FilePath.name(of: pattern)), glob.hasWildcards else { return [pattern] }
        let folder = FilePath.parent(of: pattern)
        let names = (try? files.list(folder)) ?? []  // a folder that is not there has no files
        return names.filter(glob.matches).sorted().map { FilePath.join(folder, $0) }
    }
}

extension TargetGroup {
    func adding(_ labels: [String: String]) -> TargetGroup {
        TargetGroup(targets: targets, labels: self.labels.merging(labels) { $1 })
    }
}
