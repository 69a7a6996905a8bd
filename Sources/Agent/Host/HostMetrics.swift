package import Posix

/// The metrics of this host: every collector that is switched on, asked at each scrape.
package final class HostMetrics: Sendable {
    private let collectors: Lock<[RunningCollector]>
    private let time: any TimeSource

    /// - Parameters:
    ///   - isOn: what was switched on and off by name; the others are as their definition says.
    ///   - settings: what was set about a collector, by its name and the name of the setting.
    package init(
        _ host: HostFiles, _ definitions: [CollectorDefinition] = Collectors.all, isOn: [String: Bool] = [:],
        settings: [String: [String: String]] = [:], time: any TimeSource = SystemTime()
    ) throws(CollectorError) {
        self.time = time
        var running: [RunningCollector] = []
        for definition in definitions where isOn[definition.name] ?? definition.isDefault {
            let values = CollectorSettings(definition.settings, settings[definition.name] ?? [:])
            running.append(RunningCollector(definition.name, try definition.make(host, values)))
        }
        collectors = Lock(running)
    }

    /// Appends the page in the text format.
    ///
    /// - Parameter isWanted: which collectors are asked, by name.
    package func append(to output: inout [UInt8], isWanted: (String) -> Bool = { _ in true }) {
        collectors.withLock { collectors in
            var outcomes: [CollectorOutcome] = []
            for index in collectors.indices where isWanted(collectors[index].name) {
                outcomes.append(collectors[index].run(time))
                collectors[index].page.append(to: &output)
            }
            Self.append(outcomes, to: &output)
        }
    }

    private static func append(_ outcomes: [CollectorOutcome], to output: inout [UInt8]) {
        var page = MetricPage()
        let durations = page.family(
            "node_scrape_collector_duration_seconds", .gauge, "Seconds that each collector took.")
        let successes = page.family(
            "node_scrape_collector_success", .gauge, "1 for each collector that could tell what it is for.")
        for outcome in outcomes {
            page.add(durations, Double(outcome.tookNs) / 1e9, "collector", outcome.name)
            page.add(successes, outcome.error == nil ? 1 : 0, "collector", outcome.name)
        }
        page.append(to: &output)
    }
}

/// How asking one collector ended.
struct CollectorOutcome {
    let name: String
    let tookNs: Int64
    let error: CollectorError?
}

/// A collector with the page that it fills.
struct RunningCollector {
    let name: String
    private let collector: any Collector
    var page = MetricPage()

    init(_ name: String, _ collector: any Collector) {
        self.name = name
        self.collector = collector
    }

    mutating func run(_ time: any TimeSource) -> CollectorOutcome {
        let startNs = time.monotonicNs
        page.clear()
        var failure: CollectorError?
        do {
            try collector.update(&page)
        } catch {
            failure = error
        }
        return CollectorOutcome(name: name, tookNs: time.monotonicNs - startNs, error: failure)
    }
}
