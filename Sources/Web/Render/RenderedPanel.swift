import Encoding

/// A panel as far as a server draws it: what it asks, and how its values look.
struct RenderedPanel {
    struct Query {
        var text: String
        var legend: String
        var isLogs: Bool
        /// Its series are buckets that count all below their bound.
        var isBuckets = false
    }

    enum Kind {
        case graph
        /// One figure for each series.
        case figures
        case table
        /// Values between a least and a most.
        case dials
        case bars
        /// Parts of a whole.
        case shares
        case lines
        case heatmap
        case timeline
        case text(String)
    }

    var kind = Kind.graph
    var title = ""
    var queries: [Query] = []
    var unit = RenderUnit(nil)
    /// From the lowest; the first counts from the smallest value on.
    var thresholds: [(from: Double, colour: String)] = []
    var mappings: [ValueMapping] = []
    /// What dials and bars reach from and to, where it is said.
    var least: Double?
    var most: Double?
    /// Whether areas lie on top of each other.
    var isStacked = false

    private static let kinds: [String: Kind] = [
        "stat": .figures, "singlestat": .figures, "gauge": .dials, "bargauge": .bars, "barchart": .bars,
        "piechart": .shares, "table": .table, "table-old": .table, "logs": .lines, "heatmap": .heatmap,
        "state-timeline": .timeline, "status-history": .timeline,
    ]

    init(title: String, queries: [String], unit: String?) {
        self.title = title
        self.queries = queries.map { Query(text: $0, legend: "", isLogs: false) }
        self.unit = RenderUnit(unit)
    }

    /// The panel with an identifier in a dashboard of any of Grafana's forms.
    ///
    /// - Parameter given: values of variables that take the place of those that were saved.
    init?(_ identifier: String, of json: JSONValue, given: [String: [String]], _ times: RenderTimes) {
        let dashboard = DashboardPanels.dashboard(in: json)
        let panels = DashboardPanels.all(of: dashboard)
        guard let panel = panels.first(where: { Self.name($0["id"]) == identifier }) else { return nil }
        var variables = DashboardVariables(dashboard, given: given)
        variables.set(times)
        title = variables.filled(panel["title"]?.text ?? "")
        let view = DashboardPanels.view(of: panel)
        let type = DashboardPanels.type(of: panel)
        kind = Self.kinds[type] ?? .graph
        if type == "text" { kind = .text(variables.filled(view["options"]?["content"]?.text ?? "")) }
        let defaults = view["fieldConfig"]?["defaults"]
        let axis = panel["yaxes"]?.elements?.first
        let identifier = defaults?["unit"]?.text ?? panel["format"]?.text ?? axis?["format"]?.text
        unit = RenderUnit(identifier, decimals: defaults?["decimals"]?.int)
        mappings = ValueMapping.all(defaults?["mappings"])
        let stacking = defaults?["custom"]?["stacking"]?["mode"]?.text
        isStacked = stacking == "normal" || stacking == "percent"
        (least, most) = (defaults?["min"]?.double, defaults?["max"]?.double)
        let isShare = defaults?["thresholds"]?["mode"]?.text == "percentage"
        let (low, high) = (least ?? 0, most ?? 100)
        for step in defaults?["thresholds"]?["steps"]?.elements ?? [] {
            guard let colour = step["color"]?.text else { continue }
            let value = step["value"]?.double
            let from = value.map { isShare ? low + $0 / 100 * (high - low) : $0 }
            thresholds.append((from: from ?? -.infinity, colour: colour))
        }
        // As the pages colour what has no thresholds.
        if thresholds.isEmpty { thresholds = [(from: -.infinity, colour: "green")] }
        queries = DashboardPanels.queries(of: panel, variables)
    }

    private static func name(_ value: JSONValue?) -> String { value?.text ?? value?.int.map { String($0) } ?? "" }
}
