import Encoding
import Ingest
import Model
import Text

/// `pipeline_stages` of promtail as stages of the agent. What promtail extracts lives until the end of the pipeline: here it
/// is metadata that a last stage takes away.
struct PromtailStages {
    private(set) var form = "plain"
    private(set) var multiline = YAMLText.map([])
    private(set) var stages: [YAMLText] = []
    private let reader: YAMLReader
    private var extracted: Set<String> = []
    private var kept: Set<String> = []

    private static let layouts = [
        "ANSIC": "Mon Jan _2 15:04:05 2006", "UnixDate": "Mon Jan _2 15:04:05 MST 2006",
        "RubyDate": "Mon Jan 02 15:04:05 -0700 2006", "RFC822": "02 Jan 06 15:04 MST",
        "RFC822Z": "02 Jan 06 15:04 -0700", "RFC850": "Monday, 02-Jan-06 15:04:05 MST",
        "RFC1123": "Mon, 02 Jan 2006 15:04:05 MST", "RFC1123Z": "Mon, 02 Jan 2006 15:04:05 -0700",
    ]
    /// Read without a layout.
    private static let known: Set<String> = ["RFC3339", "RFC3339Nano", "Unix", "UnixMs", "UnixUs", "UnixNs"]

    init(_ node: YAMLNode?, _ reader: YAMLReader) {
        self.reader = reader
        for stage in node.map(PromtailConversion.items) ?? [] { read(stage) }
        let left = extracted.subtracting(kept).sorted()
        if !left.isEmpty { add("metadata", [("remove", .list(left.map { .text($0) }))]) }
    }

    private init(within reader: YAMLReader) {
        self.reader = reader
    }

    private mutating func add(_ key: String, _ pairs: [(key: String, value: YAMLText)]) {
        stages.append(.map([(key, .map(pairs))]))
    }

    private func notice(_ node: YAMLNode, _ what: String) { reader.notice(node, what) }

    private mutating func read(_ stage: YAMLNode) {
        guard let pair = PromtailConversion.pairs(stage).first else { return }
        let facts = PromtailConversion.texts(pair.value)
        switch pair.key {
        case "docker", "cri": form = pair.key
        case "json": readFields(pair.value, "expressions")
        case "logfmt": readFields(pair.value, "mapping")
        case "regex": readExpression(pair.value, facts)
        case "labels": readLabels(facts)
        case "structured_metadata": readMetadata(facts)
        case "static_labels": add("labels", [("set", .texts(facts))])
        case "labeldrop":
            let names = PromtailConversion.items(pair.value).compactMap(\.text)
            add("labels", [("remove", .list(names.map { .text($0) }))])
        case "timestamp": readTimestamp(pair.value, facts)
        case "output": add("output", [("source", .text(facts["source"] ?? ""))])
        case "drop": readDrop(pair.value, facts)
        case "match": readMatch(pair.value, facts)
        case "replace": readReplace(pair.value, facts)
        case "decolorize": add("replace", [("expression", .text("\u{1b}\\[[0-9;]*[A-Za-z]")), ("with", .text(""))])
        case "template": readTemplate(pair.value, facts)
        case "pack": readPack(pair.value)
        case "sampling": add("sample", [("keep", .plain(facts["rate"] ?? "1"))])
        case "multiline": readMultiline(facts)
        case "metrics": readMetrics(pair.value)
        default: notice(stage, "the stage \(pair.key) has nothing of its kind in the agent")
        }
    }

    /// `json` and `logfmt`: the agent finds fields of either by name.
    private mutating func readFields(_ node: YAMLNode, _ key: String) {
        var from: [String: String] = [:]
        for pair in node[key].map(PromtailConversion.pairs) ?? [] {
            let path = (pair.value.text ?? "").filter { $0 != "\"" }
            let isPath = path.allSatisfy { $0.isLetter || $0.isNumber || "_-.".contains($0) }
            guard isPath else {
                notice(pair.value, "\(Quoted.text(path)) is more than a path of names, and is not brought over")
                continue
            }
            from[pair.key] = path.isEmpty ? pair.key : path
        }
        if node["source"]?.text.map({ !$0.isEmpty }) ?? false {
            notice(node, "fields are looked for in the line, not in what was extracted before")
        }
        extracted.formUnion(from.keys)
        if !from.isEmpty { add("metadata", [("from", .texts(from))]) }
    }

    private mutating func readExpression(_ node: YAMLNode, _ facts: [String: String]) {
        let expression = facts["expression"] ?? ""
        var pairs: [(key: String, value: YAMLText)] = [("expression", .text(expression))]
        if let source = facts["source"], !source.isEmpty { pairs.append(("source", .text(source))) }
        var rest = expression[...]
        while let start = rest.firstRange(of: "(?P<") {
            let name = rest[start.upperBound...].prefix { $0 != ">" }
            extracted.insert(String(name))
            rest = rest[start.upperBound...]
        }
        add("regexp", pairs)
    }

    private static func sources(_ facts: [String: String]) -> [String: String] {
        facts.reduce(into: [:]) { $0[$1.key] = $1.value.isEmpty ? $1.key : $1.value }
    }

    private mutating func readLabels(_ facts: [String: String]) {
        add("labels", [("from", .texts(Self.sources(facts)))])
    }

    private mutating func readMetadata(_ facts: [String: String]) {
        kept.formUnion(facts.keys)
        add("metadata", [("from", .texts(Self.sources(facts)))])
    }

    private mutating func readTimestamp(_ node: YAMLNode, _ facts: [String: String]) {
        let format = facts["format"] ?? ""
        var pairs: [(key: String, value: YAMLText)] = [("field", .text(facts["source"] ?? ""))]
        if !Self.known.contains(format) { pairs.append(("format", .text(Self.layouts[format] ?? format))) }
        if let zone = facts["location"], !["", "UTC", "Etc/UTC"].contains(zone) {
            notice(node, "times without a zone are read as UTC, not as \(zone)")
        }
        if node["fallback_formats"] != nil { notice(node, "fallback_formats are not tried") }
        add("timestamp", pairs)
    }

    private mutating func readDrop(_ node: YAMLNode, _ facts: [String: String]) {
        for key in ["older_than", "longer_than"] where facts[key] != nil {
            notice(node, "\(key) of drop is not brought over")
        }
        let source = facts["source"] ?? PromtailConversion.items(node["source"] ?? node).first?.text ?? ""
        var pairs: [(key: String, value: YAMLText)] = []
        if source.isEmpty {
            if let expression = facts["expression"] { pairs.append(("line", .text(expression))) }
        } else {
            pairs.append(("field", .text(source)))
            if let value = facts["value"] { pairs.append(("value", .text(value))) }
            if let expression = facts["expression"] { pairs.append(("matches", .text(expression))) }
        }
        if pairs.isEmpty { return }
        if !source.isEmpty, pairs.count == 1 { pairs.append(("matches", .text(""))) }
        add("drop", pairs)
    }

    private mutating func readReplace(_ node: YAMLNode, _ facts: [String: String]) {
        let text = facts["replace"] ?? ""
        if text.contains("{{") { return notice(node, "replace with a template is not brought over") }
        if let source = facts["source"], !source.isEmpty {
            return notice(node, "replace works on the line, not on the field \(source)")
        }
        add("replace", [("expression", .text(facts["expression"] ?? "")), ("with", .text(text))])
    }

    private mutating func readTemplate(_ node: YAMLNode, _ facts: [String: String]) {
        let (target, text) = (facts["source"] ?? "", facts["template"] ?? "")
        do throws(TemplateError) {
            _ = try TemplateStage.compiled(text)
        } catch {
            return notice(node, "the template is not brought over: \(error)")
        }
        extracted.insert(target)
        add("template", [("target", .text(target)), ("text", .text(text))])
    }

    private mutating func readPack(_ node: YAMLNode) {
        if node["ingest_timestamp"]?.text != "false" {
            notice(node, "packed lines keep their time, as with ingest_timestamp: false")
        }
        let names = node["labels"].map(PromtailConversion.items) ?? []
        add("pack", [("labels", .list(names.compactMap(\.text).map { .text($0) }))])
    }

    /// promtail counts where its source is there, which has the metric's name where it has none of its own.
    private mutating func readMetrics(_ node: YAMLNode) {
        let metrics = PromtailConversion.pairs(node).map { pair -> (key: String, value: YAMLText) in
            let facts = PromtailConversion.texts(pair.value)
            let config = pair.value["config"].map(PromtailConversion.texts) ?? [:]
            var pairs: [(key: String, value: YAMLText)] = [("type", .text((facts["type"] ?? "counter").lowercased()))]
            if let help = facts["description"], !help.isEmpty { pairs.append(("help", .text(help))) }
            if config["match_all"] != "true" { pairs.append(("field", .text(facts["source"] ?? pair.key))) }
            if config["count_entry_bytes"] == "true" { pairs.append(("bytes", .plain("true"))) }
            for key in ["action", "value"] { config[key].map { pairs.append((key, .text($0))) } }
            let bounds = pair.value["config"]?["buckets"].map(PromtailConversion.items) ?? []
            if !bounds.isEmpty { pairs.append(("buckets", .list(bounds.compactMap(\.text).map { .plain($0) }))) }
            if facts["max_idle_duration"] != nil {
                notice(pair.value, "series of \(pair.key) stay until the agent ends, however long they are idle")
            }
            return ((facts["prefix"] ?? "promtail_custom_") + pair.key, .map(pairs))
        }
        add("metrics", metrics)
    }

    private mutating func readMultiline(_ facts: [String: String]) {
        var pairs: [(key: String, value: YAMLText)] = [("start", .text(facts["firstline"] ?? ""))]
        if let wait = facts["max_wait_time"] { pairs.append(("wait", .text(wait))) }
        if let lines = facts["max_lines"], lines != "0" { pairs.append(("lines", .plain(lines))) }
        multiline = .map(pairs)
    }

    private mutating func readMatch(_ node: YAMLNode, _ facts: [String: String]) {
        guard let selector = PromtailSelector(facts["selector"] ?? "") else {
            return notice(node, "the selector \(Quoted.text(facts["selector"] ?? "")) is not brought over")
        }
        var pairs: [(key: String, value: YAMLText)] = [("matchers", .list(selector.matchers.map { .text($0) }))]
        if let line = selector.line { pairs.append(("line", .text(line))) }
        if let lineNot = selector.lineNot { pairs.append(("line_not", .text(lineNot))) }
        if facts["action"] == "drop" {
            pairs.append(("drop", .plain("true")))
        } else {
            var inner = PromtailStages(within: reader)
            for stage in node["stages"].map(PromtailConversion.items) ?? [] { inner.read(stage) }
            extracted.formUnion(inner.extracted)
            kept.formUnion(inner.kept)
            if inner.form != "plain" || !inner.multiline.isEmpty {
                notice(node, "docker, cri and multiline are settings of the whole file in the agent")
            }
            if inner.stages.isEmpty { return }
            pairs.append(("stages", .list(inner.stages)))
        }
        add("match", pairs)
    }
}

/// `{app="x"} |= "error" !~ "debug"` with at most one filter of each sense.
struct PromtailSelector {
    private(set) var matchers: [String] = []
    private(set) var line: String?
    private(set) var lineNot: String?

    init?(_ text: String) {
        guard let open = text.firstIndex(of: "{") else { return nil }
        var matcher = ""
        var quote: Character?
        var at = text.index(after: open)
        while at < text.endIndex {
            let character = text[at]
            if quote == nil, character == "}" { break }
            if quote == nil, character == "," {
                matchers.append(matcher)
                matcher = ""
            } else {
                if character == quote {
                    quote = nil
                } else if quote == nil, "\"'`".contains(character) {
                    quote = character
                }
                matcher.append(character)
            }
            at = text.index(after: at)
        }
        guard at < text.endIndex else { return nil }
        if matcher.contains("=") || matcher.contains("!") { matchers.append(matcher) }
        guard readFilters(text[text.index(after: at)...]) else { return nil }
    }

    private mutating func readFilters(_ text: Substring) -> Bool {
        var rest = text.drop(while: \.isWhitespace)
        while !rest.isEmpty {
            let sign = String(rest.prefix(2))
            guard ["|=", "|~", "!=", "!~"].contains(sign) else { return false }
            rest = rest.dropFirst(2).drop(while: \.isWhitespace)
            guard let quote = rest.first, quote == "\"" || quote == "`" else { return false }
            var value = ""
            rest.removeFirst()
            while let character = rest.first, character != quote {
                rest.removeFirst()
                guard character == "\\", quote == "\"", let next = rest.first else {
                    value.append(character)
                    continue
                }
                value.append(next)
                rest.removeFirst()
            }
            guard rest.first == quote else { return false }
            rest = rest.dropFirst().drop(while: \.isWhitespace)
            let pattern = sign.hasSuffix("~") ? value : Self.escaped(value)
            if sign.hasPrefix("|") {
                guard line == nil else { return false }
                line = pattern
            } else {
                guard lineNot == nil else { return false }
                lineNot = pattern
            }
        }
        return true
    }

    private static func escaped(_ text: String) -> String {
        text.map { "\\.+*?()|[]{}^$".contains($0) ? "\\\($0)" : String($0) }.joined()
    }
}
