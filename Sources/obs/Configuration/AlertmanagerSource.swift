import Alerting
import Encoding

/// `alertmanager`: a configuration of Alertmanager, in a file of its own or in place.
struct AlertmanagerSource: Sendable {
    private(set) var configuration: AlertmanagerConfiguration?
    private(set) var templates = NotificationTemplates()
    /// Without its secrets.
    private(set) var shownYAML = ""
    private let pattern: FilePattern?

    /// Nil where the section has none.
    init?(_ section: YAMLSection) {
        guard let node = section.value("alertmanager") else { return nil }
        if node.isMapping, let inner = section.section("alertmanager") {
            pattern = nil
            configuration = AlertmanagerConfiguration(inner)
            let position = section.reader.position(of: node)
            shownYAML = ShownYAML.text(node, file: position.file, hiding: section.reader.report.secrets)
        } else {
            guard let text = section.string("alertmanager") else { return nil }
            pattern = FilePattern(
                position: section.reader.position(of: node), text: text, path: section.reader.joined(text))
        }
    }

    /// Reads what is named: the file of the configuration, and the files of its templates.
    mutating func read(_ files: NamedFiles, _ report: ConfigurationReport) {
        if let pattern, let bytes = files.read(pattern.path, named: pattern.path, report, at: pattern.position) {
            let reader = YAMLReader(file: pattern.path, report: report)
            if let document = reader.document(bytes.span), let section = reader.section(document, "the configuration") {
                configuration = AlertmanagerConfiguration(section)
                shownYAML = ShownYAML.text(document, file: pattern.path, hiding: report.secrets)
            } else if report.isClean {
                report.add(ConfigurationError(at: pattern.position, "no route provided in config", "add a route"))
            }
        }
        guard let configuration else { return }
        let paths = configuration.templates.flatMap { path in
            let position = pattern?.position ?? ConfigurationPosition(file: path, line: 1, column: 1)
            return files.paths(matching: FilePattern(position: position, text: path, path: path), report)
        }
        templates = NotificationTemplates(files: paths, report)
    }
}
