import Encoding

/// Entries as text: one line each, the level in its colour, fields behind the message.
struct LogView {
    enum Form: String, CaseIterable, Sendable {
        case lines, table, json, raw
    }

    private let console: Console
    private let form: Form
    /// Labels that all entries shown so far have alike, which are not repeated.
    private let common: [String: String]

    private static let levelNames = ["level", "detected_level", "severity", "lvl"]
    private static let messageNames = ["msg", "message", "_msg"]
    private static let timeNames = ["ts", "time", "timestamp", "@timestamp"]
    /// Of a field's value; the rest of it is in `-o json`.
    private static let valueColumnsMax = 60

    /// - Parameter entries: those whose common labels are said once.
    init(_ console: Console, _ form: Form, common entries: [ShownEntry]) {
        (self.console, self.form) = (console, form)
        common = entries.count > 1 ? Self.common(entries) : [:]
    }

    private static func common(_ entries: [ShownEntry]) -> [String: String] {
        guard var shared = entries.first?.stream else { return [:] }
        for entry in entries.dropFirst() { shared = shared.filter { entry.stream[$0.key] == $0.value } }
        return shared
    }

    /// What stands above all entries; nil where there is nothing to say.
    var heading: String? {
        guard form == .lines, !common.isEmpty, console.style.isTerminal else { return nil }
        return console.faint("all of " + Self.pairs(common))
    }

    func text(_ entries: [ShownEntry]) -> String {
        guard form == .table else { return entries.map(text).joined(separator: "\n") }
        var table = TextTable([
            .init(title: "TIME"), .init(title: "LEVEL"), .init(title: "LABELS", shortest: 12),
            .init(title: "LINE", shortest: 20),
        ])
        for entry in entries {
            table.add([Self.time(entry.ns), Self.level(entry) ?? "", Self.pairs(rest(entry)), entry.line])
        }
        return table.text(console)
    }

    func text(_ entry: ShownEntry) -> String {
        switch form {
        case .raw: console.style.isTerminal ? DisplayWidth.printable(entry.line) : entry.line
        case .json: Self.json(entry)
        case .lines, .table: line(entry)
        }
    }

    private func line(_ entry: ShownEntry) -> String {
        let level = Self.level(entry)
        let shown = level.map { DisplayWidth.padded(String($0.uppercased().prefix(5)), to: 5) } ?? "     "
        var parts = [
            console.faint(Self.time(entry.ns)), Self.colour(level).map { console.coloured(shown, $0) } ?? shown,
        ]
        let labels = rest(entry).filter { !Self.levelNames.contains($0.key) }
        if !labels.isEmpty { parts.append(console.faint(Self.pairs(labels))) }
        let (message, fields) = Self.folded(entry)
        parts.append(DisplayWidth.printable(message))
        if !fields.isEmpty { parts.append(console.faint(fields)) }
        return parts.joined(separator: " ")
    }

    private func rest(_ entry: ShownEntry) -> [String: String] { entry.stream.filter { common[$0.key] != $0.value } }

    private static func pairs(_ labels: [String: String]) -> String {
        "{" + labels.sorted { $0.key < $1.key }.map { "\($0.key)=\(Quoted.text($0.value))" }.joined(separator: ", ")
            + "}"
    }

    static func time(_ ns: Int64) -> String { CivilTime(ms: ns / 1_000_000).rfc3339 }

    // MARK: fields

    /// The fields of a line of JSON, in their order; nil for any other line.
    private static func members(_ line: String) -> [(name: String, text: String)]? {
        guard line.hasPrefix("{") else { return nil }
        let tree = try? JSONValue.parse(Array(line.utf8).span)  // then it is no JSON
        guard let members = tree?.members else { return nil }
        return members.map { member in
            if let text = member.value.text { return (member.name, text) }
            var writer = JSONWriter()
            writer.value(member.value)
            return (member.name, String(decoding: writer.bytes, as: UTF8.self))
        }
    }

    static func level(_ entry: ShownEntry) -> String? {
        for name in levelNames {
            if let level = entry.stream[name] ?? entry.fields[name] { return level }
        }
        return members(entry.line)?.first { levelNames.contains($0.name) }?.text
    }

    private static func colour(_ level: String?) -> Colour? {
        switch level?.lowercased().prefix(4) {
        case "erro", "fata", "crit", "pani", "emer", "aler": .red
        case "warn": .yellow
        case "info", "noti": .green
        case "debu", "trac": .blue
        default: nil
        }
    }

    /// The message of a line, and its other fields as `name=value`.
    private static func folded(_ entry: ShownEntry) -> (message: String, fields: String) {
        guard let members = members(entry.line), let message = members.first(where: { messageNames.contains($0.name) })
        else { return (entry.line, folded(entry.fields.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })) }
        let others = members.filter { member in
            ![messageNames, levelNames, timeNames].contains { $0.contains(member.name) }
        }
        return (message.text, folded(others))
    }

    private static func folded(_ fields: [(name: String, text: String)]) -> String {
        fields.map { field in
            let text = field.text.contains(" ") || field.text.isEmpty ? Quoted.text(field.text) : field.text
            return "\(field.name)=\(DisplayWidth.cut(DisplayWidth.printable(text), to: valueColumnsMax))"
        }.joined(separator: " ")
    }

    private static func json(_ entry: ShownEntry) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("timestamp", String(entry.ns))
        writer.member("time", time(entry.ns))
        for (name, texts) in [("labels", entry.stream), ("fields", entry.fields)] {
            writer.name(name)
            writer.beginObject()
            for (name, text) in texts.sorted(by: { $0.key < $1.key }) { writer.member(name, text) }
            writer.endObject()
        }
        writer.member("line", entry.line)
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
