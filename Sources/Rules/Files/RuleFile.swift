package import Encoding
package import Model
import Text

/// A file of rule groups as Prometheus has them.
package enum RuleFile {
    /// The groups of a file. What is wrong is reported, with its place; the rest is read on.
    ///
    /// - Parameter file: names the file in errors and in the groups.
    package static func read(
        _ text: Span<UInt8>, file: String, _ report: ConfigurationReport,
        validation: NameValidation = .utf8
    ) -> [RuleGroup] {
        let reader = YAMLReader(file: file, report: report)
        guard let document = reader.document(text), let section = reader.section(document, "the rule file") else {
            return []
        }
        var groups: [RuleGroup] = []
        for entry in section.list("groups") ?? [] where !entry.isNull {
            guard let node = reader.section(entry, "rule group") else { continue }
            let group = RuleGroupReader(node, validation).group()
            if groups.contains(where: { $0.name == group.name }) {
                node.refuse(
                    at: "name", "groupname: \(Quoted.text(group.name)) is repeated in the same file", "rename one")
            }
            groups.append(group)
        }
        section.finish()
        return groups
    }

    /// Rules that say the same twice: allowed, yet hardly meant.
    package static func duplicates(in groups: [RuleGroup]) -> [ConfigurationNotice] {
        var first: [String: ConfigurationPosition] = [:]
        var notices: [ConfigurationNotice] = []
        for rule in groups.flatMap(\.rules) {
            let labels = rule.labels.map { "\($0.name)=\(Quoted.text($0.value))" }.joined(separator: ",")
            let key = "\(rule.isAlerting ? "alert" : "record") \(rule.name){\(labels)}"
            guard let earlier = first[key] else {
                first[key] = rule.position
                continue
            }
            notices.append(
                ConfigurationNotice(
                    at: rule.position,
                    "duplicate rule \(rule.name) with the same labels: the first is at \(earlier), and both write the same series"
                ))
        }
        return notices
    }
}

/// Reads one group.
private struct RuleGroupReader {
    private let section: YAMLSection
    private let validation: NameValidation

    init(_ section: YAMLSection, _ validation: NameValidation) {
        self.section = section
        self.validation = validation
    }

    func group() -> RuleGroup {
        let position = section.reader.position(of: section.node)
        var group = RuleGroup(file: section.reader.file, name: section.string("name") ?? "", position: position)
        if group.name.isEmpty { section.refuse("groupname must not be empty", "give the group a name") }
        if let interval = section.durationMs("interval"), interval > 0 { group.intervalMs = interval }
        group.queryOffsetMs = section.durationMs("query_offset")
        group.limit = section.int("limit", in: 0...Int.max) ?? 0
        group.language = section.choice("language", RuleExpression.Language.allCases.map(\.rawValue))
            .flatMap(RuleExpression.Language.init)
        let labels = labels(section, "labels", what: "label", in: "group \(Quoted.text(group.name))")
        for (place, entry) in (section.list("rules") ?? []).enumerated() {
            guard let node = section.reader.section(entry, "rule") else { continue }
            let reader = RuleReader(
                section: node, validation: validation, groupLabels: labels, language: group.language,
                context: "group \(Quoted.text(group.name)), rule \(place + 1)")
            if let rule = reader.rule() { group.rules.append(rule) }
        }
        section.finish()
        return group
    }

    private func labels(
        _ section: YAMLSection, _ key: String, what: String, in context: String
    ) -> [(name: String, value: String)] {
        RuleLabels.read(section, key, what: what, in: context, validation)
    }
}

/// Labels and annotations: names that are allowed, and any values.
private enum RuleLabels {
    static func read(
        _ section: YAMLSection, _ key: String, what: String, in context: String, _ validation: NameValidation
    ) -> [(name: String, value: String)] {
        var labels: [(name: String, value: String)] = []
        for pair in section.pairs(key) ?? [] {
            let isReserved = what == "label" && pair.key == Labels.metricName
            if isReserved || !validation.isValidLabelName(pair.key) {
                section.reader.refuse(pair.value, "\(context): invalid \(what) name: \(pair.key)", "rename it")
            }
            let value = pair.value.isNull ? "" : section.reader.string(pair.value, pair.key) ?? ""
            labels.append((pair.key, value))
        }
        return labels.sorted { $0.name < $1.name }
    }
}

/// Reads one rule.
private struct RuleReader {
    let section: YAMLSection
    let validation: NameValidation
    let groupLabels: [(name: String, value: String)]
    let language: RuleExpression.Language?
    /// `group "a", rule 1`, for errors.
    let context: String

    func rule() -> Rule? {
        let record = section.string("record")
        let alert = section.string("alert")
        let context = "\(context), \(Quoted.text(record ?? alert ?? ""))"
        let expression = expression(context)
        let holdMs = section.durationMs("for")
        let keepFiringMs = section.durationMs("keep_firing_for")
        let labels = RuleLabels.read(section, "labels", what: "label", in: context, validation)
        let annotations = RuleLabels.read(section, "annotations", what: "annotation", in: context, validation)
        section.finish()
        guard let kind = kind(record, alert, context), let expression else { return nil }
        var rule = Rule(
            kind: kind, text: expression.text, expression: expression.tree, holdMs: holdMs ?? 0,
            keepFiringMs: keepFiringMs ?? 0, labels: merged(labels), annotations: annotations,
            position: section.reader.position(of: section.node))
        switch kind {
        case .recording(let name): check(recording: name, holdMs, keepFiringMs, context)
        case .alerting: checkTemplates(&rule, context)
        }
        return rule
    }

    /// A rule's own labels go before those of its group.
    private func merged(_ labels: [(name: String, value: String)]) -> [(name: String, value: String)] {
        let inherited = groupLabels.filter { label in !labels.contains { $0.name == label.name } }
        return (labels + inherited).sorted { $0.name < $1.name }
    }

    private func kind(_ record: String?, _ alert: String?, _ context: String) -> Rule.Kind? {
        switch (record, alert) {
        case (let record?, nil): return .recording(record)
        case (nil, let alert?): return .alerting(alert)
        case (nil, nil):
            section.refuse("\(context): one of 'record' or 'alert' must be set", "name the series or the alert")
        case (_?, _?):
            section.refuse(
                at: "alert", "\(context): only one of 'record' and 'alert' must be set", "make two rules of it")
        }
        return nil
    }

    private func expression(_ context: String) -> (text: String, tree: RuleExpression)? {
        guard let text = section.string("expr"), !text.isEmpty else {
            section.refuse("\(context): field 'expr' must be set in rule", "write an expression of PromQL or LogQL")
            return nil
        }
        do throws(RuleExpression.Failure) {
            return (text, try RuleExpression.parse(text, in: language))
        } catch {
            section.refuse(at: "expr", "\(context): could not parse expression: \(error)")
            return nil
        }
    }

    private func check(recording name: String, _ holdMs: Int64?, _ keepFiringMs: Int64?, _ context: String) {
        if section.value("annotations") != nil { refuse("annotations", context) }
        if holdMs ?? 0 != 0 { refuse("for", context) }
        if keepFiringMs ?? 0 != 0 { refuse("keep_firing_for", context) }
        if !validation.isValidMetricName(name) {
            section.refuse(at: "record", "\(context): invalid recording rule name: \(name)")
        }
    }

    private func refuse(_ key: String, _ context: String) {
        section.refuse(at: key, "\(context): invalid field '\(key)' in recording rule", "remove it")
    }

    private func checkTemplates(_ rule: inout Rule, _ context: String) {
        for (key, what) in [("labels", "label"), ("annotations", "annotation")] {
            for pair in section.pairs(key) ?? [] {
                guard let text = pair.value.text else { continue }
                do throws(TemplateError) {
                    try RuleTemplate.check(text, alert: rule.name)
                } catch {
                    section.reader.refuse(pair.value, "\(context): \(what) \(Quoted.text(pair.key)): \(error)")
                }
            }
        }
    }
}
