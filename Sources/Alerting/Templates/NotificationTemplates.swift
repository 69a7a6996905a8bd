package import Encoding
package import Posix
package import Text

/// The templates that notifications are written with: those that obs has, and those of the user's files.
package struct NotificationTemplates: Sendable {
    /// A file of templates is not longer.
    private static let fileBytesMax = 4 << 20

    /// Texts with their names, in the order in which they are read: a later definition replaces an earlier one.
    private var sources: [(name: String, text: String)] = [("default.tmpl", DefaultTemplates.text)]
    /// All of them, read; route labels are empty in it.
    private var base: TemplateSet
    private let time: any TimeSource

    /// - Parameter paths: of files; what is wrong with them is reported.
    package init(
        files paths: [String] = [], _ report: ConfigurationReport = ConfigurationReport(),
        time: any TimeSource = SystemTime(), in system: any FileSystem = LocalFileSystem()
    ) {
        self.time = time
        base = TemplateSet(functions: NotificationFunctions.all(now: { time.wallMs }) { _ in "" })
        do throws(TemplateError) {
            for source in sources { try base.add(source.text, named: source.name) }
        } catch {
            preconditionFailure("BUG: a template of obs itself cannot be read: \(error)")
        }
        for path in paths { add(path, report, system) }
    }

    private mutating func add(_ path: String, _ report: ConfigurationReport, _ system: any FileSystem) {
        let text: String
        do throws(SystemError) {
            text = String(decoding: try system.readFile(path, atMostBytes: Self.fileBytesMax), as: UTF8.self)
        } catch {
            let position = ConfigurationPosition(file: path, line: 1, column: 1)
            return report.add(ConfigurationError(at: position, "cannot read templates: \(error)"))
        }
        let name = String(path.split(separator: "/").last ?? "")
        do throws(TemplateError) {
            try base.add(text, named: name)
            sources.append((name, text))
        } catch {
            let position = ConfigurationPosition(file: path, line: error.place.line, column: error.place.column + 1)
            report.add(ConfigurationError(at: position, "cannot read templates: \(error)"))
        }
    }

    /// Ready to write the texts of one notification.
    package func writer(for notification: Notification) throws(TemplateError) -> NotificationWriter {
        let data = notification.templateValue
        guard !notification.routeLabels.isEmpty else { return NotificationWriter(set: base, data: data) }
        let set = try labelled(notification.routeLabels, data, above: [])
        return NotificationWriter(set: set, data: data)
    }

    /// With a function that writes the labels of the route. Each may use the others; a circle is an error.
    private func labelled(
        _ labels: [RouteLabel], _ data: TemplateValue, above: [String]
    ) throws(TemplateError) -> TemplateSet {
        let time = time
        var set = TemplateSet(
            functions: NotificationFunctions.all(now: { time.wallMs }) { (name) throws(TemplateFailure) in
                guard let label = labels.first(where: { $0.name == name }) else { return "" }
                if above.contains(name) {
                    throw TemplateFailure("route label cycle detected: \((above + [name]).joined(separator: " -> "))")
                }
                do throws(TemplateError) {
                    return try labelled(labels, data, above: above + [name]).render(label.template, named: "", data)
                } catch {
                    throw TemplateFailure("\(error)")
                }
            })
        for source in sources { try set.add(source.text, named: source.name) }
        return set
    }
}

/// Writes the texts of one notification.
package struct NotificationWriter: Sendable {
    fileprivate let set: TemplateSet
    fileprivate let data: TemplateValue

    /// As plain text.
    package func text(_ template: String) throws(TemplateError) -> String {
        if !template.contains("{{") { return template }
        return try set.render(template, named: "", data)
    }

    /// As a page: what the template's values hold is escaped where it stands.
    package func html(_ template: String) throws(TemplateError) -> String {
        if !template.contains("{{") { return template }
        return try set.render(template, named: "", data, escaping: .html)
    }
}
