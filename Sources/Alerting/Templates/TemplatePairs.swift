import Model
import Text

/// Names with texts, with the methods that templates for Alertmanager call on them.
struct TemplatePairs: TemplateObject {
    let pairs: [(name: String, value: String)]

    var typeName: String { "template.KV" }
    var value: TemplateValue { .map(TemplateMap(texts: pairs.map { ($0.name, $0.value) })) }

    /// By name, but the alert's name first.
    private var sorted: [(name: String, value: String)] {
        pairs.sorted { a, b in
            if (a.name == Alert.nameLabel) != (b.name == Alert.nameLabel) { return a.name == Alert.nameLabel }
            return a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
        }
    }

    func call(_ method: String, _ arguments: [TemplateValue]) throws(TemplateFailure) -> TemplateValue? {
        switch method {
        case "SortedPairs":
            try expect(0, arguments, method)
            return .object(SortedPairs(pairs: sorted))
        case "Names":
            try expect(0, arguments, method)
            return .object(TemplateTexts(texts: sorted.map(\.name)))
        case "Values":
            try expect(0, arguments, method)
            return .object(TemplateTexts(texts: sorted.map(\.value)))
        case "Remove":
            try expect(1, arguments, method)
            let names = Set((arguments[0].elements ?? []).compactMap(\.text))
            return .object(TemplatePairs(pairs: pairs.filter { !names.contains($0.name) }))
        default: return nil
        }
    }
}

/// Pairs in their order.
private struct SortedPairs: TemplateObject {
    let pairs: [(name: String, value: String)]

    var typeName: String { "template.Pairs" }
    var value: TemplateValue {
        .list(
            TemplateList(
                pairs.map {
                    .record(
                        TemplateRecord("template.Pair", [("Name", .string($0.name)), ("Value", .string($0.value))]))
                }, typeName: typeName))
    }

    func call(_ method: String, _ arguments: [TemplateValue]) throws(TemplateFailure) -> TemplateValue? {
        let result: TemplateValue
        switch method {
        case "Names": result = .object(TemplateTexts(texts: pairs.map(\.name)))
        case "Values": result = .object(TemplateTexts(texts: pairs.map(\.value)))
        default: return nil
        }
        try expect(0, arguments, method)
        return result
    }
}

/// Texts that can be joined.
private struct TemplateTexts: TemplateObject {
    let texts: [String]

    var typeName: String { "template.Strings" }
    var value: TemplateValue { .texts(texts) }

    func call(_ method: String, _ arguments: [TemplateValue]) throws(TemplateFailure) -> TemplateValue? {
        guard method == "Join" else { return nil }
        try expect(1, arguments, method)
        return .string(texts.joined(separator: arguments[0].text ?? ""))
    }
}
