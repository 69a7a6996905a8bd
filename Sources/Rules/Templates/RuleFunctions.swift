import Encoding
import Model
import Text

/// The functions of Prometheus' templates, beside those that every template of obs has.
enum RuleFunctions {
    static func all(
        _ context: RuleTemplateContext,
        query: @escaping @Sendable (String) throws(TemplateFailure) -> [QueriedSample]
    ) -> [TemplateFunction] {
        TextFunctions.all + samples(query) + numbers + times(context) + addresses + links(context)
            + [
                TemplateFunction("args", [], rest: .any) { arguments in
                    .map(TemplateMap(arguments.enumerated().map { ("arg\($0.offset)", $0.element) }))
                },
                TemplateFunction(calling: "tmpl", [.string, .any]) { (arguments, call) throws(TemplateFailure) in
                    .markup(try call(arguments[0].text ?? "", arguments[1]))
                },
            ]
    }
}

/// Queries and what they find.
extension RuleFunctions {
    private static func samples(
        _ query: @escaping @Sendable (String) throws(TemplateFailure) -> [QueriedSample]
    ) -> [TemplateFunction] {
        [
            TemplateFunction("query", [.string]) { (arguments) throws(TemplateFailure) in
                let found = try query(arguments[0].text ?? "")
                return .list(TemplateList(found.map(\.templateValue), typeName: "template.queryResult"))
            },
            TemplateFunction("first", [.list]) { (arguments) throws(TemplateFailure) in
                guard let first = arguments[0].elements?.first else {
                    throw TemplateFailure("first() called on vector with no elements")
                }
                return first
            },
            TemplateFunction("label", [.string, .any]) { (arguments) throws(TemplateFailure) in
                .string(try label(arguments[0].text ?? "", of: arguments[1]))
            },
            TemplateFunction("strvalue", [.any]) { (arguments) throws(TemplateFailure) in
                .string(try label("__value__", of: arguments[0]))
            },
            TemplateFunction("value", [.any]) { (arguments) throws(TemplateFailure) in
                guard case .record(let sample) = arguments[0].plain, let value = sample["Value"] else {
                    throw TemplateFailure("value() called on \(arguments[0].typeName), which is no sample")
                }
                return value
            },
            TemplateFunction("sortByLabel", [.string, .list]) { (arguments) throws(TemplateFailure) in
                var keyed: [(key: String, sample: TemplateValue)] = []
                for sample in arguments[1].elements ?? [] {
                    keyed.append((try label(arguments[0].text ?? "", of: sample), sample))
                }
                // Samples with equal labels keep their order.
                let order = keyed.indices.sorted {
                    keyed[$0].key == keyed[$1].key
                        ? $0 < $1 : keyed[$0].key.utf8.lexicographicallyPrecedes(keyed[$1].key.utf8)
                }
                return .list(TemplateList(order.map { keyed[$0].sample }, typeName: "template.queryResult"))
            },
        ]
    }

    private static func label(_ name: String, of sample: TemplateValue) throws(TemplateFailure) -> String {
        guard case .record(let sample) = sample.plain, case .map(let labels)? = sample["Labels"] else {
            throw TemplateFailure("label() called on \(sample.typeName), which is no sample")
        }
        return labels[name]?.text ?? ""
    }
}

/// Numbers for people.
extension RuleFunctions {
    private static let numbers: [TemplateFunction] = [
        TemplateFunction("humanize", [.any]) { (arguments) throws(TemplateFailure) in
            .string(humanized(try TextFunctions.number(arguments[0])))
        },
        TemplateFunction("humanize1024", [.any]) { (arguments) throws(TemplateFailure) in
            var value = try TextFunctions.number(arguments[0])
            guard value.magnitude > 1, value.isFinite else { return .string(TextFunctions.general(value)) }
            var prefix = ""
            for next in ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"] {
                if value.magnitude < 1024 { break }
                prefix = next
                value /= 1024
            }
            return .string(TextFunctions.general(value) + prefix)
        },
        TemplateFunction("humanizePercentage", [.any]) { (arguments) throws(TemplateFailure) in
            .string(TextFunctions.general(try TextFunctions.number(arguments[0]) * 100) + "%")
        },
    ]

    private static func humanized(_ number: Double) -> String {
        if number == 0 || !number.isFinite { return TextFunctions.general(number) }
        var value = number
        var prefix = ""
        if number.magnitude >= 1 {
            for next in ["k", "M", "G", "T", "P", "E", "Z", "Y"] {
                if value.magnitude < 1000 { break }
                prefix = next
                value /= 1000
            }
        } else {
            for next in ["m", "u", "n", "p", "f", "a", "z", "y"] {
                if value.magnitude >= 1 { break }
                prefix = next
                value *= 1000
            }
        }
        return TextFunctions.general(value) + prefix
    }
}

/// Times.
extension RuleFunctions {
    private static func times(_ context: RuleTemplateContext) -> [TemplateFunction] {
        [
            TemplateFunction("humanizeTimestamp", [.any]) { (arguments) throws(TemplateFailure) in
                let seconds = try TextFunctions.number(arguments[0])
                guard seconds.isFinite else { return .string(TextFunctions.general(seconds)) }
                return .string(TemplateValue.object(try moment(seconds)).printed)
            },
            TemplateFunction("toTime", [.any]) { (arguments) throws(TemplateFailure) in
                .object(try moment(try TextFunctions.number(arguments[0])))
            },
            TemplateFunction("toDuration", [.any]) { (arguments) throws(TemplateFailure) in
                let seconds = try TextFunctions.number(arguments[0])
                guard (seconds * 1e9).magnitude < 9.2e18 else { throw outOfRange(seconds) }
                return .object(GoDuration(nanoseconds: Int64(seconds * 1e9)))
            },
            TemplateFunction("parseDuration", [.string]) { (arguments) throws(TemplateFailure) in
                do throws(DurationError) {
                    return .float(Double(try Durations.milliseconds(of: arguments[0].text ?? "")) / 1000)
                } catch {
                    throw TemplateFailure("\(error)")
                }
            },
            TemplateFunction("now", []) { _ in .float(Double(context.nowMs) / 1000) },
        ]
    }

    private static func moment(_ seconds: Double) throws(TemplateFailure) -> GoTime {
        guard seconds.isFinite else { throw TemplateFailure("value is NaN or Inf") }
        guard (seconds * 1e9).magnitude < 9.2e18 else { throw outOfRange(seconds) }
        return GoTime(ms: Int64((seconds * 1000).rounded(.towardZero)))
    }

    private static func outOfRange(_ seconds: Double) -> TemplateFailure {
        TemplateFailure(
            "\(FloatText.general(seconds)) cannot be represented as a nanoseconds timestamp since it overflows int64"
        )
    }
}

/// Names of hosts, and links.
extension RuleFunctions {
    private static let addresses: [TemplateFunction] = [
        TemplateFunction("stripPort", [.string]) { arguments in
            let text = arguments[0].text ?? ""
            return .string(split(text)?.host ?? text)
        },
        TemplateFunction("stripDomain", [.string]) { arguments in
            let text = arguments[0].text ?? ""
            let parts = split(text)
            let host = parts?.host ?? text
            let isAddress = host.contains(":") || host.split(separator: ".").allSatisfy { UInt8($0) != nil }
            if isAddress { return .string(text) }
            let name = String(host.prefix { $0 != "." })
            guard let port = parts?.port, !port.isEmpty else { return .string(name) }
            return .string("\(name):\(port)")
        },
        TemplateFunction("urlQueryEscape", [.string]) { .string(TextEscapes.query($0[0].text ?? "")) },
    ]

    /// `host:port` and `[host]:port` in two; nil for anything else.
    private static func split(_ text: String) -> (host: String, port: String)? {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let port = String(text[text.index(after: colon)...])
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { return (String(host.dropFirst().dropLast()), port) }
        return host.contains(":") || host.contains("[") || host.contains("]") ? nil : (String(host), port)
    }

    private static func links(_ context: RuleTemplateContext) -> [TemplateFunction] {
        [
            TemplateFunction("graphLink", [.string]) { .string(graphPath($0[0].text ?? "", tab: 0)) },
            TemplateFunction("tableLink", [.string]) { .string(graphPath($0[0].text ?? "", tab: 1)) },
            TemplateFunction("pathPrefix", []) { _ in .string(context.pathPrefix) },
            TemplateFunction("externalURL", []) { _ in .string(context.externalURL) },
        ]
    }

    /// Where an expression is shown, as a table or as a graph.
    static func graphPath(_ expression: String, tab: Int) -> String {
        "/graph?g0.expr=\(TextEscapes.query(expression))&g0.tab=\(tab)"
    }
}
