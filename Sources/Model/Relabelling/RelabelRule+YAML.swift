package import Encoding
import Text

extension RelabelRule {
    /// Decodes one entry of `relabel_configs`, with Prometheus' rules of which settings go together. Nil where an
    /// error was reported.
    package init?(_ section: YAMLSection, validation: NameValidation) {
        let settings = Settings(section)
        section.finish()
        guard let action = settings.action, let source = settings.sourceLabels,
            settings.check(section, action: action, validation: validation)
        else { return nil }
        do throws(RegularExpressionError) {
            try self.init(
                action, sourceLabels: source, separator: settings.separator, pattern: settings.pattern,
                modulus: UInt64(settings.modulus), targetLabel: settings.targetLabel,
                replacement: settings.replacement, validation: validation)
        } catch {
            section.refuse(at: "regex", "\(error)")
            return nil
        }
    }
}

extension YAMLSection {
    /// The rules under `key`; those that are refused are left out.
    package func relabelRules(_ key: String, validation: NameValidation) -> [RelabelRule] {
        let name = key.hasPrefix("metric_") ? "metric relabeling rule" : "relabeling rule"
        return sections(key, name).compactMap { RelabelRule($0, validation: validation) }
    }
}

/// What was written, before it is known to make sense.
private struct Settings {
    let action: RelabelRule.Action?
    let sourceLabels: [String]?
    let separator: String
    let pattern: String
    let modulus: Int
    let targetLabel: String
    let replacement: String
    let hasSourceLabels: Bool
    let hasPattern: Bool

    init(_ section: YAMLSection) {
        action = Self.action(section)
        sourceLabels = Self.sourceLabels(section)
        hasSourceLabels = section.value("source_labels") != nil
        hasPattern = section.contains("regex")
        separator = Self.text(section, "separator", RelabelRule.defaultSeparator)
        pattern = Self.text(section, "regex", RelabelRule.defaultPattern)
        modulus = section.int("modulus", in: 0...Int.max) ?? 0
        targetLabel = section.string("target_label") ?? ""
        replacement = Self.text(section, "replacement", RelabelRule.defaultReplacement)
    }

    /// A key without a value is the empty text here, not the default.
    private static func text(_ section: YAMLSection, _ key: String, _ value: String) -> String {
        section.isNull(key) ? "" : section.string(key) ?? value
    }

    private static func action(_ section: YAMLSection) -> RelabelRule.Action? {
        if section.isNull("action") {
            section.refuse(at: "action", "relabel action cannot be empty", "leave the key out for replace")
            return nil
        }
        guard let node = section.value("action") else { return .replace }
        guard let word = section.reader.string(node, "action") else { return nil }
        if let action = RelabelRule.Action(rawValue: word.lowercased()) { return action }
        let names = RelabelRule.Action.allCases.map(\.rawValue)
        let nearest = NearestWord.of(word.lowercased(), among: names)
        section.refuse(
            at: "action", "unknown relabel action \(Quoted.text(word))",
            nearest.map { "did you mean \(Quoted.text($0))?" } ?? "use one of \(names.joined(separator: ", "))")
        return nil
    }

    private static func sourceLabels(_ section: YAMLSection) -> [String]? {
        guard section.value("source_labels") != nil else { return [] }
        guard let names = section.strings("source_labels") else { return nil }
        guard names.contains("") else { return names }
        section.refuse(at: "source_labels", "\"\" is not a valid label name")
        return nil
    }

    func check(_ section: YAMLSection, action: RelabelRule.Action, validation: NameValidation) -> Bool {
        guard let (key, problem) = problem(action, validation) else { return true }
        section.refuse(at: section.contains(key) ? key : "action", problem)
        return false
    }

    /// The setting that does not fit the action, and why.
    private func problem(_ action: RelabelRule.Action, _ validation: NameValidation) -> (key: String, String)? {
        switch action {
        case .keep, .drop: return nil
        case .labelmap:
            return isValidTemplate(replacement, validation)
                ? nil : ("replacement", "\(Quoted.text(replacement)) is invalid 'replacement' for labelmap action")
        case .labeldrop, .labelkeep: return nameActionProblem(action)
        case .replace, .hashmod, .lowercase, .uppercase, .keepequal, .dropequal:
            return targetProblem(action, validation)
        }
    }

    private func nameActionProblem(_ action: RelabelRule.Action) -> (key: String, String)? {
        let wrong: String? =
            if hasSourceLabels { "source_labels" } else if !targetLabel.isEmpty { "target_label" } else if modulus != 0
            { "modulus" } else if separator != RelabelRule.defaultSeparator {
                "separator"
            } else if replacement != RelabelRule.defaultReplacement { "replacement" } else { nil }
        return wrong.map { ($0, "\(action.rawValue) action requires only 'regex', and no other fields") }
    }

    private func targetProblem(
        _ action: RelabelRule.Action, _ validation: NameValidation
    ) -> (key: String, String)? {
        if action == .hashmod, modulus == 0 {
            return ("modulus", "relabel configuration for hashmod requires non-zero modulus")
        }
        if targetLabel.isEmpty {
            return ("target_label", "relabel configuration for \(action.rawValue) action requires 'target_label' value")
        }
        let isTemplate = action == .replace && targetLabel.contains("$")
        guard isTemplate ? isValidTemplate(targetLabel, validation) : validation.isValidLabelName(targetLabel) else {
            return (
                "target_label", "\(Quoted.text(targetLabel)) is invalid 'target_label' for \(action.rawValue) action"
            )
        }
        guard action != .replace, action != .hashmod else { return nil }
        if replacement != RelabelRule.defaultReplacement {
            return ("replacement", "'replacement' can not be set for \(action.rawValue) action")
        }
        guard action == .keepequal || action == .dropequal else { return nil }
        let wrong: String? =
            if hasPattern { "regex" } else if modulus != 0 {
                "modulus"
            } else if separator != RelabelRule.defaultSeparator { "separator" } else { nil }
        return wrong.map {
            ($0, "\(action.rawValue) action requires only 'source_labels' and `target_label`, and no other fields")
        }
    }

    /// A label name in which `$1` and `${name}` may stand for parts.
    private func isValidTemplate(_ text: String, _ validation: NameValidation) -> Bool {
        guard validation == .legacy else { return validation.isValidLabelName(text) }
        let bytes = Array(text.utf8)
        return Self.legacyTemplate.matchesWhole(bytes.span)
    }

    private static let legacyTemplate: RegularExpression = {
        do throws(RegularExpressionError) {
            return try RegularExpression(#"(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+"#)
        } catch {
            preconditionFailure("BUG: \(error)")
        }
    }()
}
