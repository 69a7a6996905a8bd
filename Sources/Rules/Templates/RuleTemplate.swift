import Encoding
package import Model
package import Text

/// What is known where the labels and annotations of an alert are written.
package struct RuleTemplate: Sendable {
    /// Names that every template may use.
    private static let variables = ["labels", "externalLabels", "externalURL", "value"]

    private let functions: TemplateSet
    private let context: RuleTemplateContext

    /// - Parameter query: answers the queries of templates, at the instant of the evaluation.
    package init(
        _ context: RuleTemplateContext, query: @escaping @Sendable (String) throws(TemplateFailure) -> [QueriedSample]
    ) {
        self.context = context
        functions = TemplateSet(functions: RuleFunctions.all(context, query: query))
    }

    /// Whether a text is a template at all; most labels are plain.
    package static func isPlain(_ text: String) -> Bool { !text.contains("{{") }

    /// The text for one alert. A template that fails shows its error instead, so that the alert is never lost.
    package func expand(_ text: String, alert: String, labels: Labels, value: TemplateValue) -> String {
        if Self.isPlain(text) { return text }
        let labels = TemplateValue.map(TemplateMap(texts: labels.pairs.map { ($0.name, $0.value) }))
        let external = TemplateValue.map(TemplateMap(texts: context.externalLabels.map { ($0.key, $0.value) }))
        let url = TemplateValue.string(context.externalURL)
        let data = TemplateRecord(
            "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value float64 }",
            [("Labels", labels), ("ExternalLabels", external), ("ExternalURL", url), ("Value", value)])
        let name = Self.name(alert)
        do throws(TemplateError) {
            return try functions.render(
                text, named: name, .record(data),
                variables: [
                    ("labels", labels), ("externalLabels", external), ("externalURL", url), ("value", value),
                ])
        } catch {
            return "<error expanding template: error executing template \(name): \(error)>"
        }
    }

    /// Refuses a text that can never be carried out.
    static func check(_ text: String, alert: String) throws(TemplateError) {
        if isPlain(text) { return }
        var set = TemplateSet(functions: RuleFunctions.all(RuleTemplateContext(), query: { _ in [] }))
        try set.add(text, named: name(alert), variables: variables)
    }

    private static func name(_ alert: String) -> String { "__alert_\(alert)" }
}

/// What templates know of the server.
package struct RuleTemplateContext: Sendable {
    /// Sorted by name.
    package var externalLabels: [(key: String, value: String)] = []
    /// Where people reach the server, without a slash at the end.
    package var externalURL = ""
    package var nowMs: Int64 = 0

    package init() {}

    /// The path of `externalURL`.
    var pathPrefix: String {
        guard let scheme = externalURL.range(of: "://") else { return externalURL }
        let rest = externalURL[scheme.upperBound...]
        return rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? ""
    }
}

extension String {
    /// Where `text` first stands.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}

/// What a template's query found.
package struct QueriedSample: Sendable {
    package var labels: Labels
    package var value: TemplateValue

    package init(labels: Labels, value: TemplateValue) {
        self.labels = labels
        self.value = value
    }

    var templateValue: TemplateValue {
        .record(
            TemplateRecord(
                "*template.sample",
                [("Labels", .map(TemplateMap(texts: labels.pairs.map { ($0.name, $0.value) }))), ("Value", value)]))
    }
}
