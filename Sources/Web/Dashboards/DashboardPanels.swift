import Encoding

/// The panels of a dashboard's JSON, in whichever of Grafana's forms it was written.
enum DashboardPanels {
    /// All but rows; those of closed rows too.
    static func all(of dashboard: JSONValue) -> [JSONValue] {
        var panels: [JSONValue] = []
        for panel in dashboard["panels"]?.elements ?? [] { panels += [panel] + (panel["panels"]?.elements ?? []) }
        // Before 2018 panels lay in rows, since 2025 they are elements that layouts name.
        for row in dashboard["rows"]?.elements ?? [] { panels += row["panels"]?.elements ?? [] }
        for element in dashboard["elements"]?.members ?? [] {
            if let spec = element.value["spec"] { panels.append(spec) }
        }
        return panels.filter { $0["type"]?.text != "row" }
    }

    /// What the JSON of a file has around the dashboard is taken off.
    static func dashboard(in json: JSONValue) -> JSONValue { json["dashboard"] ?? json["spec"] ?? json }

    /// Where a panel has its field configuration and its options.
    static func view(of panel: JSONValue) -> JSONValue { panel["vizConfig"]?["spec"] ?? panel }

    static func type(of panel: JSONValue) -> String {
        panel["vizConfig"]?["group"]?.text ?? panel["vizConfig"]?["kind"]?.text ?? panel["type"]?.text ?? ""
    }

    /// What a panel asks with expressions, those that are switched off left out.
    static func queries(of panel: JSONValue, _ variables: DashboardVariables) -> [RenderedPanel.Query] {
        let own = source(panel["datasource"])
        let elements = panel["data"]?["spec"]?["queries"]?.elements?.compactMap { $0["spec"] }
        return (panel["targets"]?.elements ?? elements ?? []).compactMap { target in
            // With elements the query lies one deeper, beside its source.
            let inner = target["query"]?["spec"] ?? target
            guard target["hide"]?.bool != true, target["hidden"]?.bool != true, let text = inner["expr"]?.text,
                !text.isEmpty
            else { return nil }
            let kind = source(inner["datasource"]) ?? target["query"]?["group"]?.text ?? target["query"]?["kind"]?.text
            return RenderedPanel.Query(
                text: variables.filled(text), legend: variables.filled(inner["legendFormat"]?.text ?? ""),
                isLogs: (kind ?? own) == "loki", isBuckets: inner["format"]?.text == "heatmap")
        }
    }

    private static func source(_ value: JSONValue?) -> String? { value?["type"]?.text ?? value?["group"]?.text }
}
