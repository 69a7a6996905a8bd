import Encoding
import Model
import Testing

@Suite struct RelabelRuleYAMLTests {
    private func read(_ text: String, _ validation: NameValidation = .utf8) -> (rules: [RelabelRule], errors: [String])
    {
        let reader = YAMLReader(file: "p.yml", report: ConfigurationReport())
        let bytes = Array(("relabel_configs:\n  - " + text + "\n").utf8)
        guard let node = reader.document(bytes.span), let section = reader.section(node, "scrape config") else {
            return ([], reader.report.errors.map(\.description))
        }
        let rules = section.relabelRules("relabel_configs", validation: validation)
        return (rules, reader.report.errors.map(\.description))
    }

    @Test func readsEverySetting() throws {
        let (rules, errors) = read(
            "{source_labels: [a, b], separator: '-', regex: '(.*)x', target_label: t, replacement: $1, action: Replace}"
        )
        #expect(errors == [])
        let rule = try #require(rules.first)
        #expect(rule.action == .replace)
        #expect(rule.sourceLabels == ["a", "b"])
        #expect(rule.separator == "-")
        #expect(rule.pattern == "(.*)x")
        #expect(rule.targetLabel == "t")
    }

    @Test func anEmptyPatternMatchesTheEmptyText() throws {
        let rule = try #require(read("{regex: , replacement: static, target_label: abc}").rules.first)
        var builder = LabelsBuilder()
        _ = rule.apply(to: &builder)
        #expect(builder.value(of: "abc") == "static")
    }

    @Test(arguments: [
        ("{action: replace}", "relabel configuration for replace action requires 'target_label' value"),
        (
            "{action: dropequal, source_labels: [a]}",
            "relabel configuration for dropequal action requires 'target_label' value"
        ),
        (
            "{action: lowercase, source_labels: [a]}",
            "relabel configuration for lowercase action requires 'target_label' value"
        ),
        ("{action: hashmod, target_label: t}", "relabel configuration for hashmod requires non-zero modulus"),
        ("{action: }", "relabel action cannot be empty; leave the key out for replace"),
        ("{action: repalce}", "unknown relabel action \"repalce\"; did you mean \"replace\"?"),
        (
            "{action: keepequal, source_labels: [a], target_label: t, regex: x}",
            "keepequal action requires only 'source_labels' and `target_label`, and no other fields"
        ),
        ("{action: labeldrop, source_labels: [a]}", "labeldrop action requires only 'regex', and no other fields"),
        ("{action: labelkeep, modulus: 8}", "labelkeep action requires only 'regex', and no other fields"),
        ("{action: labelkeep, separator: ','}", "labelkeep action requires only 'regex', and no other fields"),
        (
            "{action: uppercase, source_labels: [a], target_label: t, replacement: x}",
            "'replacement' can not be set for uppercase action"
        ),
        ("{action: keep, regex: '('}", "invalid regular expression \"(\": missing ): ("),
        ("{action: hashmod, modulus: -1, target_label: t}", "modulus is -1; it has to be at least 0"),
        ("{source_labels: [''], target_label: t}", "\"\" is not a valid label name"),
        ("{target_lable: t}", "unknown key \"target_lable\" in relabeling rule; did you mean \"target_label\"?"),
        ("", "empty or null relabeling rule; fill it in or remove the `-`"),
    ])
    func refusesWhatPrometheusRefuses(text: String, reason: String) {
        let errors = read(text).errors
        #expect(errors.contains { $0.hasPrefix("p.yml:2:") && $0.hasSuffix(reason) }, "\(errors)")
    }

    @Test(arguments: [
        ("{target_label: 'a-b'}", false), ("{target_label: 'a${1}b'}", true), ("{target_label: '${1}-'}", false),
        ("{target_label: 'ü'}", false),
        ("{action: labelmap, replacement: 'x_$1'}", true), ("{action: labelmap, replacement: 'x-$1'}", false),
    ])
    func holdsTargetsToTheNamesThatAreAllowed(text: String, isLegacy: Bool) {
        #expect(read(text, .utf8).errors == [])
        #expect(read(text, .legacy).errors.isEmpty == isLegacy)
    }
}
