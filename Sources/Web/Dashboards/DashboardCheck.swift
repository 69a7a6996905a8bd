package import Encoding
import LogQL
import Model
import PromQL

/// What the pages would not show of a dashboard, found without a browser.
package struct DashboardCheck {
    /// What makes a panel or the whole dashboard fail.
    package private(set) var errors: [String] = []
    /// What the pages name on the panel and leave out.
    package private(set) var notices: [String] = []
    package private(set) var panelCount = 0

    private let known: JSONValue

    /// - Parameter json: of a file, in any of Grafana's forms.
    package init(_ json: JSONValue) {
        known = Self.knownNames()
        let dashboard = DashboardPanels.dashboard(in: json)
        if dashboard["title"]?.text == nil {
            errors.append("this JSON has no title, so it is no dashboard")
            return
        }
        let panels = DashboardPanels.all(of: dashboard)
        panelCount = panels.count
        for panel in panels { check(panel, of: dashboard) }
        for variable in DashboardVariables.all(of: dashboard) where !isKnown(variable.kind, "variables") {
            notices.append(
                "variable \(Quoted.text(variable.name)): variables of type \(Quoted.text(variable.kind)) are not known")
        }
    }

    /// The list that the pages go by.
    private static func knownNames() -> JSONValue {
        let script = PageAssets.bytes("dashboards/known.js") ?? []
        let first = script.firstIndex(of: UInt8(ascii: "{")) ?? 0
        let last = script.lastIndex(of: UInt8(ascii: "}")) ?? 0
        let object = Array(script[first..<min(last + 1, script.count)])
        guard let json = try? JSONValue.parse(object.span)  // a test reads the list
        else { preconditionFailure("BUG: dashboards/known.js holds no JSON") }
        return json
    }

    private func isKnown(_ name: String, _ list: String) -> Bool {
        known[list]?.elements?.contains { $0.text == name } ?? false
    }

    private mutating func check(_ panel: JSONValue, of dashboard: JSONValue) {
        let title = "panel \(Quoted.text(panel["title"]?.text ?? ""))"
        var unknown: [String] = []
        let type = DashboardPanels.type(of: panel)
        if !isKnown(type, "panels") { unknown.append("panels of type \(Quoted.text(type))") }
        let view = DashboardPanels.view(of: panel)
        let transformations = panel["transformations"]?.elements ?? panel["data"]?["spec"]?["transformations"]?.elements
        for one in transformations ?? [] {
            let name = one["spec"]?["id"]?.text ?? one["group"]?.text ?? one["id"]?.text ?? one["kind"]?.text ?? ""
            if !isKnown(name, "transformations") { unknown.append("the transformation \(Quoted.text(name))") }
        }
        let overrides = view["fieldConfig"]?["overrides"]?.elements ?? []
        let changed = overrides.flatMap { $0["properties"]?.elements ?? [] }
        let units = changed.filter { $0["id"]?.text == "unit" }.map { $0["value"] }
        for unit in [view["fieldConfig"]?["defaults"]?["unit"]] + units {
            guard let unit = unit?.text, !unit.isEmpty, !unit.contains(":"), !isKnown(unit, "units") else { continue }
            unknown.append("the unit \(Quoted.text(unit))")
        }
        for name in overrides.compactMap({ $0["matcher"]?["id"]?.text }) where !isKnown(name, "matchers") {
            unknown.append("overrides \(Quoted.text(name))")
        }
        for name in changed.compactMap({ $0["id"]?.text }) where !isKnown(name, "properties") {
            unknown.append("overrides of \(Quoted.text(name))")
        }
        for name in (view["options"]?["reduceOptions"]?["calcs"]?.elements ?? []).compactMap(\.text)
        where !isKnown(name, "calculations") {
            unknown.append("the calculation \(Quoted.text(name))")
        }
        notices += unknown.map { "\(title): \($0) is not known and is left out" }
        if let failure = Self.failure(of: panel, dashboard) { errors.append("\(title): \(failure)") }
    }

    /// Why an expression cannot be asked. What variables come to is not known here: an expression is good if it is with one
    /// of what they usually stand for, a pattern, a duration or a number.
    private static func failure(of panel: JSONValue, _ dashboard: JSONValue) -> String? {
        var first: String?
        for unknown in [".*", "1m", "1"] {
            var variables = DashboardVariables(dashboard, given: [:], unknown: unknown)
            variables.set(.hour)
            let failures = DashboardPanels.queries(of: panel, variables).compactMap { failure(of: $0) }
            if failures.isEmpty { return nil }
            first = first ?? failures[0]
        }
        return first
    }

    private static func failure(of query: RenderedPanel.Query) -> String? {
        if query.isLogs {
            do throws(LogQLError) {
                _ = try LogQuery(parsing: query.text)
                return nil
            } catch {
                return "\(error), in \(query.text)"
            }
        }
        do throws(ParseError) {
            _ = try Parser.parse(query.text, features: .all)
            return nil
        } catch {
            return "\(error), in \(query.text)"
        }
    }
}
