import Ingest
import Model
import Posix

/// What other programs wrote to files `*.prom`, each a page of metrics.
final class TextfileCollector: Collector {
    static let definition = CollectorDefinition(
        "textfile",
        settings: [
            CollectorSetting("directory", "folders to read *.prom from, with wildcards, several parted by commas")
        ]
    ) { host, settings throws(CollectorError) in
        let folders = settings.text("directory").split(separator: ",").map(String.init)
        var globs: [FileGlob] = []
        for folder in folders {
            guard let glob = FileGlob(folder) else {
                throw .failed("\(folder) is no absolute path of a folder")
            }
            globs.append(glob)
        }
        return TextfileCollector(globs)
    }

    /// Longer files are refused: whoever writes more than this has lost control of it.
    private static let fileBytesMax = 16 << 20

    /// One metric family as the files have it.
    private struct Family {
        var kind = MetricPage.Kind.untyped
        var help: String?
        var files: [String] = []
        var lines: [UInt8] = []
    }

    /// What is wrong with a file, which is then left out as a whole.
    private struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    private let folders: [FileGlob]
    private let system = LocalFileSystem()

    init(_ folders: [FileGlob]) {
        self.folders = folders
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        var families: [String: Family] = [:]
        var order: [String] = []
        var modified: [(file: String, seconds: Double)] = []
        var refusals: [String] = []
        for glob in folders {
            let paths = glob.paths()
            if paths.isEmpty { refusals.append("there is no folder \(glob.pattern)") }
            for path in paths.flatMap(files) {
                do throws(Refusal) {
                    let bytes = try read(path)
                    try Self.take(bytes.span, path, &families, &order)
                    if let status = (try? system.status(at: path)).flatMap(\.self) {  // gone meanwhile: no time of it
                        modified.append((path, Double(status.modifiedNs) / 1e9))
                    }
                } catch {
                    refusals.append("\(error)")
                }
            }
        }
        show(families, order, &page)
        let times = page.family("node_textfile_mtime_seconds", .gauge, "When a file that was read was last changed.")
        for (file, seconds) in modified { page.add(times, seconds, "file", file) }
        page.add(
            "node_textfile_scrape_error", .gauge, "1 if a file could not be read or is not as it has to be.",
            refusals.isEmpty ? 0 : 1)
        if let first = refusals.first { throw .failed(first) }
    }

    private func files(_ folder: String) -> [String] {
        let names = (try? system.list(folder)) ?? []  // no folder, no files
        return names.filter { $0.hasSuffix(".prom") }.map { FilePath.join(folder, $0) }
    }

    private func read(_ path: String) throws(Refusal) -> [UInt8] {
        do {
            return try system.readFile(path, atMostBytes: Self.fileBytesMax)
        } catch {
            throw Refusal(description: "\(error)")
        }
    }

    /// Adds the families of one file; all or, where it does not fit, nothing.
    private static func take(
        _ text: Span<UInt8>, _ path: String, _ families: inout [String: Family], _ order: inout [String]
    ) throws(Refusal) {
        if let fault = TextCheck.fault(in: text) {
            throw Refusal(description: "\(path):\(fault.line): \(fault.reason)")
        }
        var own: [String: Family] = [:]
        var ownOrder: [String] = []
        do throws(ExpositionError) {
            var reader = ExpositionReader(text, isOpenMetrics: false)
            while let item = try reader.next() {
                guard item != .comment else { continue }
                let name = item == .series ? familyName(reader.metricName, own) : reader.metricName
                if own[name] == nil { ownOrder.append(name) }
                var family = own.removeValue(forKey: name) ?? Family()
                switch item {
                case .help: family.help = reader.metadataText
                case .type: family.kind = kind(reader.kind)
                default:
                    if reader.timestampMs != nil { throw reader.error("a file may have no timestamps") }
                    append(text.extracting(reader.start..<reader.position), to: &family.lines)
                }
                own[name] = family
            }
        } catch {
            throw Refusal(description: "\(path):\(error.line): \(error.reason)")
        }
        for (name, new) in own {
            guard let old = families[name] else { continue }
            if let help = new.help, let other = old.help, help != other {
                throw Refusal(description: "\(path): \(name) has another HELP in \(old.files.joined(separator: ", "))")
            }
            if new.kind != old.kind {
                throw Refusal(description: "\(path): \(name) has another TYPE in \(old.files.joined(separator: ", "))")
            }
        }
        for name in ownOrder {
            guard let new = own[name], !new.lines.isEmpty else { continue }
            if families[name] == nil { order.append(name) }
            var family = families[name] ?? Family(kind: new.kind)
            family.help = family.help ?? new.help
            family.files.append(path)
            family.lines += new.lines
            families[name] = family
        }
    }

    /// A line with exactly one end.
    private static func append(_ line: Span<UInt8>, to lines: inout [UInt8]) {
        for index in line.indices where line[index] != UInt8(ascii: "\n") { lines.append(line[index]) }
        lines.append(UInt8(ascii: "\n"))
    }

    private func show(_ families: [String: Family], _ order: [String], _ page: inout MetricPage) {
        for name in order {
            guard let family = families[name] else { continue }
            let help = family.help.flatMap { $0.isEmpty ? nil : $0 }
            let text = help ?? "Metric read from \(family.files.joined(separator: ", "))"
            page.addLines(page.family(name, family.kind, text), family.lines)
        }
    }

    private static func kind(_ kind: MetricMetadata.Kind) -> MetricPage.Kind {
        MetricPage.Kind(rawValue: kind.rawValue) ?? .untyped
    }

    /// `x_bucket` belongs to `x` where that was declared a histogram.
    private static func familyName(_ name: String, _ families: [String: Family]) -> String {
        for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
            let base = String(name.dropLast(suffix.count))
            switch families[base]?.kind {
            case .histogram: return base
            case .summary where suffix != "_bucket": return base
            default: continue
            }
        }
        return name
    }
}
