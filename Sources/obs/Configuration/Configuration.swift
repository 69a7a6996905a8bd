import Alerting
import Crypto
import Encoding
import Ingest
import Model
import Rules

/// What the collector's configuration file says: a superset of prometheus.yml.
///
/// Each section is decoded by the room that uses it; here they are put together and held against each other.
struct Configuration: Sendable {
    var global = GlobalOptions()
    /// Those of `scrape_config_files` included.
    var scrapes: [ScrapeOptions] = []
    var ruleFiles: [FilePattern] = []
    /// What those files hold.
    var ruleGroups: [RuleGroup] = []
    var alerting = AlertingOptions()
    /// What the Alertmanager inside does; nil where alerts are only shown, or go to others.
    var alertmanager: AlertmanagerSource?
    /// Other collectors that tell the same receivers.
    var cluster = ClusterOptions()
    var remoteWrites: [RemoteWriteOptions] = []
    var remoteReads: [RemoteReadOptions] = []
    var otlp = OTLPOptions()
    /// For protocols that are not HTTP.
    var listeners = MetricListenerOptions()
    var storage = StorageOptions()
    var queries = QueryOptions()
    var logs = LogOptions()
    var dashboards = DashboardOptions()
    /// Nil where nobody has to say who they are.
    var auth: AuthOptions?
    /// Nil: plain HTTP.
    var tls: TLSOptions?
}

/// What reading a configuration came to.
struct ConfigurationResult {
    /// Only to be used where `errors` is empty.
    let configuration: Configuration
    let errors: [ConfigurationError]
    let notices: [ConfigurationNotice]
    /// The file as YAML without its secrets, for people to look at.
    let shownYAML: String
}

extension Configuration {
    /// Reads a file and those that it names with `scrape_config_files`.
    ///
    /// - Parameter syntaxOnly: looks at this file alone; what it names need not exist.
    static func load(
        path: String, syntaxOnly: Bool, environment: Environment = .process, files: NamedFiles = NamedFiles()
    ) -> ConfigurationResult {
        let report = ConfigurationReport()
        var configuration = Configuration()
        var document: YAMLNode?
        if let bytes = files.read(path, named: path, report) {
            let reader = YAMLReader(file: path, report: report)
            document = reader.document(bytes.span)
            let patterns = configuration.read(document, reader, environment)
            if !syntaxOnly {
                configuration.readScrapeFiles(patterns, files, report)
                configuration.readRuleFiles(files, report)
                configuration.alertmanager?.read(files, report)
                configuration.checkTargets(files, report)
                files.check(report)
            }
            configuration.refuseRepeatedNames(report)
        }
        return ConfigurationResult(
            configuration: configuration, errors: report.errors, notices: report.notices,
            shownYAML: document.map { ShownYAML.text($0, file: path, hiding: report.secrets) } ?? "")
    }

    /// Decodes the document. Returns the patterns of `scrape_config_files`.
    private mutating func read(
        _ document: YAMLNode?, _ reader: YAMLReader, _ environment: Environment
    ) -> [FilePattern] {
        guard let document, let section = reader.section(document, "the configuration") else { return [] }
        environment.expandOwnKeys(of: section)
        if let node = section.section("global") { global = GlobalOptions(node, environment) }
        let validation = global.scrape.validation
        for entry in section.sections("scrape_configs", "scrape config section") {
            scrapes.append(ScrapeOptions(entry, defaults: global.scrape))
        }
        ruleFiles = FilePattern.read(section, "rule_files", "rule file")
        let scrapeFiles = FilePattern.read(section, "scrape_config_files", "scrape config file")
        if let node = section.section("alerting") { alerting = AlertingOptions(node, validation: validation) }
        alertmanager = AlertmanagerSource(section)
        if let node = section.section("cluster") { cluster = ClusterOptions(node) }
        remoteWrites = section.sections("remote_write", "remote write config section").map {
            RemoteWriteOptions($0, validation: validation)
        }
        remoteReads = section.sections("remote_read", "remote read config section").map(RemoteReadOptions.init)
        if let node = section.section("otlp") { otlp = OTLPOptions(node, validation: validation) }
        if let node = section.section("metrics") { listeners = MetricListenerOptions(node) }
        if let node = section.section("storage") { storage = StorageOptions(node) }
        if let node = section.section("queries") { queries = QueryOptions(node) }
        if let node = section.section("logs") { logs = LogOptions(node) }
        if let node = section.section("dashboards") { dashboards = DashboardOptions(node) }
        if let node = section.section("auth") { auth = AuthOptions(node) }
        if let node = section.section("tls") { tls = TLSOptions(node) }
        UnusedSettings.read(section)
        section.finish()
        return scrapeFiles
    }

    private mutating func readScrapeFiles(
        _ patterns: [FilePattern], _ files: NamedFiles, _ report: ConfigurationReport
    ) {
        for path in patterns.flatMap({ files.paths(matching: $0, report) }) {
            guard let bytes = files.read(path, named: path, report) else { continue }
            let reader = YAMLReader(file: path, report: report)
            guard let document = reader.document(bytes.span), let section = reader.section(document, "the file") else {
                continue
            }
            for entry in section.sections("scrape_configs", "scrape config section") {
                scrapes.append(ScrapeOptions(entry, defaults: global.scrape))
            }
            section.finish()
        }
    }

    private mutating func readRuleFiles(_ files: NamedFiles, _ report: ConfigurationReport) {
        for pattern in ruleFiles {
            for path in files.paths(matching: pattern, report) {
                guard let bytes = files.read(path, named: path, report) else { continue }
                ruleGroups += RuleFile.read(bytes.span, file: path, report, validation: global.scrape.validation)
            }
        }
    }

    private func refuseRepeatedNames(_ report: ConfigurationReport) {
        let names: [(what: String, name: String, position: ConfigurationPosition)] =
            scrapes.map { ("scrape", $0.job, $0.position) }
            + remoteWrites.map { ("remote write", $0.name, $0.position) }
            + remoteReads.map { ("remote read", $0.name, $0.position) }
        var first: [String: ConfigurationPosition] = [:]
        for (what, name, position) in names where !name.isEmpty {
            guard let earlier = first.updateValue(position, forKey: "\(what) \(name)") else { continue }
            report.add(
                ConfigurationError(
                    at: position, "found multiple \(what) configs with job name \(Quoted.text(name))",
                    "the first is at \(earlier): rename one"))
        }
    }
}
