import Encoding
import Testing

@testable import Web

@Suite struct DashboardCheckTests {
    private func check(_ text: String) throws -> DashboardCheck {
        DashboardCheck(try JSONValue.parse(Array(text.utf8).span))
    }

    /// The same panel in the classic form and as an element.
    private func panel(
        _ isClassic: Bool, _ type: String, unit: String, _ transformation: String, _ expression: String
    ) throws -> DashboardCheck {
        let config = #"{"defaults": {"unit": "\#(unit)"}}"#
        let classic = """
            {"title": "T", "panels": [{"type": "row", "collapsed": true, "panels": [{"type": "\(type)", "title": "P",
              "fieldConfig": \(config), "transformations": [{"id": "\(transformation)"}],
              "targets": [{"expr": "\(expression)"}, {"expr": "sum(", "hide": true}]}]}]}
            """
        let element = """
            {"apiVersion": "dashboard.grafana.app/v2beta1", "spec": {"title": "T", "elements": {"a": {"kind": "Panel", "spec":
              {"title": "P", "vizConfig": {"group": "\(type)", "spec": {"fieldConfig": \(config)}},
               "data": {"spec": {"transformations": [{"kind": "\(transformation)", "spec": {"id": "\(transformation)"}}],
                 "queries": [{"spec": {"query": {"group": "prometheus", "spec": {"expr": "\(expression)"}}}},
                             {"spec": {"hidden": true, "query": {"spec": {"expr": "sum("}}}}]}}}}}}}
            """
        return try check(isClassic ? classic : element)
    }

    @Test(arguments: [true, false]) func whatIsNotKnownIsNamedWithItsPanel(isClassic: Bool) throws {
        let good = try panel(isClassic, "stat", unit: "bytes", "organize", "rate(up[$__rate_interval])")
        #expect(good.errors.isEmpty && good.notices.isEmpty && good.panelCount == 1, "\(good)")
        let odd = try panel(isClassic, "globe", unit: "parsec", "teleport", "up")
        #expect(odd.errors.isEmpty && odd.notices.count == 3, "\(odd)")
        for word in ["globe", "teleport", "parsec"] {
            #expect(odd.notices.contains { $0.hasPrefix("panel \"P\": ") && $0.contains(word) }, "\(odd)")
        }
    }

    @Test(arguments: [true, false]) func anExpressionThatCannotBeAskedIsAnError(isClassic: Bool) throws {
        let bad = try panel(isClassic, "stat", unit: "none", "merge", "sum(up")
        #expect(bad.errors.count == 1 && bad.errors[0].contains("parse error"), "\(bad.errors)")
    }

    @Test func variablesMayBePatternsDurationsAndNumbers() throws {
        for expression in [#"up{job=~\"$job\"}"#, "rate(up[$window])", "topk($count, up)", "up offset ${shift}"] {
            let text = """
                {"title": "T", "templating": {"list": [{"name": "job", "type": "query"}, {"name": "window", "type": "query"},
                  {"name": "count", "type": "query"}, {"name": "shift", "type": "query"}]},
                 "panels": [{"type": "stat", "targets": [{"expr": "\(expression)"}]}]}
                """
            #expect(try check(text).errors.isEmpty, "\(expression)")
        }
    }

    @Test func variablesAndOverridesOfUnknownKindsAreNamed() throws {
        let fields =
            #"{"overrides": [{"matcher": {"id": "byName"}, "properties": [{"id": "unit", "value": "s"}, {"id": "custom.glow"}]}]}"#
        for text in [
            """
            {"title": "T", "templating": {"list": [{"name": "a", "type": "query"}, {"name": "b", "type": "dice"}]},
             "panels": [{"type": "stat", "title": "P", "fieldConfig": \(fields)}]}
            """,
            """
            {"spec": {"title": "T", "variables": [{"kind": "TextVariable", "spec": {"name": "a"}},
              {"kind": "DiceVariable", "spec": {"name": "b"}}], "elements": {"p": {"spec": {"title": "P",
              "vizConfig": {"group": "stat", "spec": {"fieldConfig": \(fields)}}}}}}}
            """,
        ] {
            let notices = try check(text).notices
            #expect(notices.count == 2, "\(notices)")
            #expect(notices.contains { $0.hasPrefix("variable \"b\": ") && $0.contains("dice") })
            #expect(notices.contains { $0.hasPrefix("panel \"P\": ") && $0.contains("custom.glow") })
        }
    }

    @Test func whatHasNoTitleIsNoDashboard() throws {
        #expect(try check(#"{"panels": []}"#).errors.count == 1)
    }
}
