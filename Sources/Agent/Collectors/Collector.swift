import Encoding
import Posix
import Text

/// A source of host metrics, with the names that node_exporter gives them. One file each; see `Collectors`.
///
/// A collector keeps what it can use again (buffers, declared families) from scrape to scrape, and is asked by one thread
/// at a time.
package protocol Collector: AnyObject {
    /// Adds what the host says now. What was added before an error is shown nevertheless.
    func update(_ page: inout MetricPage) throws(CollectorError)
}

/// Why a collector has nothing, or not everything, to show.
package enum CollectorError: Error, CustomStringConvertible {
    /// The host does not have what this is about; a quiet outcome.
    case noData(String)
    case failed(String)

    package var description: String {
        switch self {
        case .noData(let reason), .failed(let reason): reason
        }
    }
}

/// A collector before it is made.
package struct CollectorDefinition: Sendable {
    /// As in `--collector.NAME` and in the label of `node_scrape_collector_success`.
    package let name: String
    /// Whether it runs without being asked for.
    package let isDefault: Bool
    /// What can be set, by the names that follow `--collector.NAME.`.
    package let settings: [CollectorSetting]
    package let make: @Sendable (HostFiles, CollectorSettings) throws(CollectorError) -> any Collector

    init(
        _ name: String, isDefault: Bool = true, settings: [CollectorSetting] = [],
        _ make: @escaping @Sendable (HostFiles, CollectorSettings) throws(CollectorError) -> any Collector
    ) {
        self.name = name
        self.isDefault = isDefault
        self.settings = settings
        self.make = make
    }
}

/// One thing that can be set about a collector.
package struct CollectorSetting: Sendable {
    package let name: String
    package let doc: String
    package let standard: String

    init(_ name: String, _ doc: String, standard: String = "") {
        self.name = name
        self.doc = doc
        self.standard = standard
    }
}

/// What was set about one collector; what was not has its standard.
package struct CollectorSettings: Sendable {
    private let values: [String: String]

    package init(_ definitions: [CollectorSetting], _ values: [String: String]) {
        var all: [String: String] = [:]
        for setting in definitions { all[setting.name] = values[setting.name] ?? setting.standard }
        self.values = all
    }

    func text(_ name: String) -> String { values[name] ?? "" }
    func isOn(_ name: String) -> Bool { values[name] == "true" }

    /// The names that `NAME-include` and `NAME-exclude` let through.
    func filter(_ name: String) throws(CollectorError) -> NameFilter {
        try NameFilter(include: text("\(name)-include"), exclude: text("\(name)-exclude"))
    }
}

/// Which devices, units or mount points are shown: those that one expression finds something in and the other does not.
package struct NameFilter: Sendable {
    private let include: RegularExpression?
    private let exclude: RegularExpression?
    /// What became of names before: a host has the same ones at each scrape.
    private let known = Lock<[String: Bool]>([:])
    private static let knownMax = 10_000

    /// An empty expression decides nothing.
    package init(include: String = "", exclude: String = "") throws(CollectorError) {
        self.include = try Self.expression(include)
        self.exclude = try Self.expression(exclude)
    }

    /// Nil for an empty pattern.
    static func expression(_ pattern: String) throws(CollectorError) -> RegularExpression? {
        guard !pattern.isEmpty else { return nil }
        do {
            return try RegularExpression(pattern)
        } catch {
            throw .failed("\(error)")
        }
    }

    package func takes(_ name: String) -> Bool {
        known.withLock { known in
            if let answer = known[name] { return answer }
            if known.count == Self.knownMax { known.removeAll(keepingCapacity: true) }
            let answer = matches(name)
            known[name] = answer
            return answer
        }
    }

    private func matches(_ name: String) -> Bool {
        var copy = name
        return copy.withUTF8 { bytes in
            let span = unsafe bytes.span
            if let include, !include.matches(span) { return false }
            return exclude.map { !$0.matches(span) } ?? true
        }
    }
}
