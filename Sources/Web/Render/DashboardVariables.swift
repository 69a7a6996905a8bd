import Encoding
import Model

/// The values of a dashboard's variables: those that are given, else those that were saved with it.
struct DashboardVariables {
    private var values: [String: String] = [:]

    /// Names and kinds of all, as the classic form calls these.
    static func all(of dashboard: JSONValue) -> [(name: String, kind: String)] {
        entries(of: dashboard).map { entry in
            let kind = entry["kind"]?.text ?? entry["type"]?.text ?? ""
            let classic = kind.hasSuffix("Variable") ? kind.dropLast(8).lowercased() : kind
            let name = (entry["spec"] ?? entry)["name"]?.text ?? ""
            return (name, classic == "text" ? "textbox" : classic)
        }
    }

    private static func entries(of dashboard: JSONValue) -> [JSONValue] {
        dashboard["templating"]?["list"]?.elements ?? dashboard["variables"]?.elements ?? []
    }

    /// - Parameter unknown: what stands for a variable whose value only a query would tell.
    init(_ dashboard: JSONValue, given: [String: [String]], unknown: String = ".*") {
        for entry in Self.entries(of: dashboard) {
            let variable = entry["spec"] ?? entry
            guard let name = variable["name"]?.text else { continue }
            let current = variable["current"]?["value"] ?? .null
            let saved = current.elements?.compactMap(\.text) ?? current.text.map { [$0] } ?? []
            let chosen = given[name] ?? (saved.isEmpty || saved == [""] ? Self.first(variable) : saved)
            if chosen.contains("$__all") {
                values[name] = variable["allValue"]?.text.flatMap { $0.isEmpty ? nil : $0 } ?? unknown
            } else {
                values[name] = chosen.count == 1 ? chosen[0] : "(" + chosen.joined(separator: "|") + ")"
            }
        }
    }

    /// Of a variable that has no saved value: the first of a list that is written out, else anything.
    private static func first(_ variable: JSONValue) -> [String] {
        let listed = ["custom", "interval", "constant", "textbox"].contains(variable["type"]?.text ?? "")
        guard listed, let query = variable["query"]?.text else { return ["$__all"] }
        return query.split(separator: ",").first.map { [String($0)] } ?? [""]
    }

    /// The variables that the range of time decides.
    mutating func set(_ times: RenderTimes) {
        let scrapeMs = RenderTimes.scrapeMs
        let spanMs = times.toMs - times.fromMs
        values["__interval"] = Durations.text(ofMs: times.stepMs)
        values["__interval_ms"] = "\(times.stepMs)"
        values["__rate_interval"] = Durations.text(ofMs: max(times.stepMs + scrapeMs, 4 * scrapeMs))
        values["__range"] = "\(spanMs / 1000)s"
        values["__range_s"] = "\(spanMs / 1000)"
        values["__range_ms"] = "\(spanMs)"
        values["__from"] = "\(times.fromMs)"
        values["__to"] = "\(times.toMs)"
    }

    /// A text with `$name`, `${name}`, `${name:format}` and `[[name]]` in place of their values; names that are not known
    /// stay as they are.
    func filled(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let sign = rest.firstIndex(where: { $0 == "$" || $0 == "[" }) {
            result += rest[..<sign]
            rest = rest[sign...]
            let (name, length) = Self.name(rest)
            if let value = values[name], length > 0 {
                result += value
                rest = rest.dropFirst(length)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result + rest
    }

    /// The name that a text begins with, and how many characters it takes with its signs.
    private static func name(_ text: Substring) -> (name: String, length: Int) {
        for (open, close) in [("${", "}"), ("[[", "]]")] where text.hasPrefix(open) {
            guard let end = text.firstRange(of: close) else { return ("", 0) }
            let inner = text[text.index(text.startIndex, offsetBy: 2)..<end.lowerBound]
            let name = inner.split(separator: ":", omittingEmptySubsequences: false)[0]
            return (String(name), text.distance(from: text.startIndex, to: end.upperBound))
        }
        guard text.hasPrefix("$") else { return ("", 0) }
        let name = text.dropFirst().prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        return (String(name), name.count + 1)
    }
}
