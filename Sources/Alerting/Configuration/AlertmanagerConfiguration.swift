package import Encoding
import Model
package import Posix

/// What an Alertmanager configuration says, whole.
package struct AlertmanagerConfiguration: Sendable {
    package struct Receiver: Sendable {
        package var name: String
        /// What tells receivers apart for those who ask, beside their names.
        package var labels: [String: String] = [:]
        package var settings: [ReceiverSettings]
    }

    package var global = GlobalSettings()
    package var route: Route?
    package var inhibitRules: [InhibitRule] = []
    package var receivers: [Receiver] = []
    /// Named moments, each a list of which one has to hold.
    package var intervals: [String: [TimeInterval]] = [:]
    /// Patterns of files with templates.
    package var templates: [String] = []

    /// Reads a configuration from a file of its own.
    package static func read(
        _ text: Span<UInt8>, file: String, _ report: ConfigurationReport, in system: any FileSystem = LocalFileSystem()
    ) -> AlertmanagerConfiguration {
        let reader = YAMLReader(file: file, report: report)
        guard let document = reader.document(text), let section = reader.section(document, "the configuration") else {
            if report.isClean {
                report.add(
                    ConfigurationError(
                        at: .init(file: file, line: 1, column: 1), "no route provided in config",
                        "add a route with a receiver"))
            }
            return AlertmanagerConfiguration()
        }
        return AlertmanagerConfiguration(section, in: system)
    }

    /// Reads a configuration that stands inside of another one.
    package init(_ section: YAMLSection, in system: any FileSystem = LocalFileSystem()) {
        if let node = section.section("global") { global = GlobalSettings(node) }
        templates = (section.strings("templates") ?? []).map(section.reader.joined)
        readIntervals(section, system)
        readReceivers(section)
        let names = Set(receivers.map(\.name))
        if let node = section.section("route") {
            route = RouteReader(receivers: names, intervals: Set(intervals.keys)).root(node)
        } else {
            section.refuse("no route provided in config", "add a route with a receiver")
        }
        inhibitRules = section.sections("inhibit_rules", "inhibition rule").map(Self.inhibition)
        readTracing(section)
        section.finish()
    }

    private init() {}

    /// Where nobody is to be told: alerts are grouped and shown.
    package static let showingOnly: AlertmanagerConfiguration = {
        var configuration = AlertmanagerConfiguration()
        configuration.receivers = [Receiver(name: "none", settings: [])]
        configuration.route = Route(
            receiver: "none", groupBy: [Alert.nameLabel], groupsByAll: false, matchers: [], continues: false,
            groupWaitMs: 0, groupIntervalMs: 60_000, repeatIntervalMs: 86_400_000, muteTimes: [], activeTimes: [],
            labels: [], routes: [], key: "{}")
        return configuration
    }()

    private mutating func readIntervals(_ section: YAMLSection, _ system: any FileSystem) {
        let reader = TimeIntervalReader { (name) throws(TimeZone.Failure) in
            try TimeZone.named(name, in: system)
        }
        for key in ["mute_time_intervals", "time_intervals"] {
            for entry in section.sections(key, "time interval") {
                let name = entry.string("name") ?? ""
                if name.isEmpty { entry.refuse("missing name in time interval", "name it") }
                if intervals[name] != nil {
                    entry.refuse(at: "name", "time interval \(Quoted.text(name)) is not unique", "rename one")
                }
                intervals[name] = entry.sections("time_intervals", "time interval").map(reader.interval)
                entry.finish()
            }
        }
    }

    private mutating func readReceivers(_ section: YAMLSection) {
        for entry in section.sections("receivers", "receiver") {
            let name = entry.string("name") ?? ""
            if name.isEmpty { entry.refuse("missing name in receiver", "name it") }
            if receivers.contains(where: { $0.name == name }) {
                entry.refuse(at: "name", "notification config name \(Quoted.text(name)) is not unique", "rename one")
            }
            let labels = entry.texts("labels")
            var settings: [ReceiverSettings] = []
            for kind in ReceiverKind.all {
                let key = kind.name + "_configs"
                for node in entry.sections(key, "entry of \(key)") {
                    settings.append(ReceiverSettingsReader(kind: kind, global: global).settings(node))
                }
            }
            entry.finish()
            receivers.append(Receiver(name: name, labels: labels, settings: settings))
        }
    }

    private static func inhibition(_ section: YAMLSection) -> InhibitRule {
        let rule = InhibitRule(
            name: section.string("name") ?? "",
            source: MatcherReader.read(
                section, list: "source_matchers", equal: "source_match", pattern: "source_match_re"),
            target: MatcherReader.read(
                section, list: "target_matchers", equal: "target_match", pattern: "target_match_re"),
            equal: section.strings("equal") ?? [])
        section.finish()
        return rule
    }

    /// obs sends no spans of its own yet; what is there is taken and named.
    private func readTracing(_ section: YAMLSection) {
        guard let node = section.value("tracing") else { return }
        section.reader.notice(node, "tracing has no effect here")
    }
}

extension TimeZone {
    /// By its name in the tz database of this machine.
    static func named(_ name: String, in system: any FileSystem) throws(Failure) -> TimeZone {
        try named(name) { (path, limit) throws(SystemError) in try system.readFile(path, atMostBytes: limit) }
    }
}

extension AlertmanagerConfiguration {
    /// The intervals that keep a route silent at a moment: mute ones that hold, or all active ones where none holds.
    package func muteReasons(_ route: Route, atMs: Int64) -> [String] {
        func holds(_ name: String) -> Bool { (intervals[name] ?? []).contains { $0.contains(atMs) } }
        let mutes = route.muteTimes.filter(holds)
        if !mutes.isEmpty || route.activeTimes.isEmpty || route.activeTimes.contains(where: holds) { return mutes }
        return route.activeTimes.map { "not \($0)" }
    }
}
