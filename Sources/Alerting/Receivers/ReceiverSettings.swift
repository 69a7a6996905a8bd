package import Encoding
package import HTTP
import Model

/// One entry of a receiver, such as one of its `slack_configs`: decoded by its kind, whole and strictly.
package struct ReceiverSettings: Sendable {
    /// The word in front of `_configs`.
    package let kind: String
    package let position: ConfigurationPosition
    package var sendsResolved: Bool
    package var client: HTTPClientOptions
    /// Templates and plain settings, by their keys.
    package var texts: [String: String] = [:]
    /// Keys, tokens and secret addresses, by their keys without `_file`.
    package var secrets: [String: SecretSource] = [:]
    package var flags: [String: Bool] = [:]
    package var numbers: [String: Int] = [:]
    /// Mappings of names to templates, such as `details`, by their keys.
    package var tables: [String: [String: String]] = [:]
    /// Lists of parts, such as `fields`: each a mapping of texts.
    package var parts: [String: [[String: String]]] = [:]
    /// Lists of texts, by their keys.
    package var lists: [String: [String]] = [:]

    package func text(_ key: String) -> String { texts[key] ?? "" }
}

/// Reads the settings that are common to all kinds, and those of one kind as its `ReceiverKind` names them.
struct ReceiverSettingsReader {
    let kind: ReceiverKind
    let global: GlobalSettings

    func settings(_ section: YAMLSection) -> ReceiverSettings {
        var settings = ReceiverSettings(
            kind: kind.name, position: section.reader.position(of: section.node),
            sendsResolved: section.bool("send_resolved") ?? kind.sendsResolved, client: global.client)
        if kind.usesHTTP, let http = section.section("http_config") { settings.client = .own(http) }
        settings.texts = kind.defaults
        for key in kind.texts { if let text = section.string(key) { settings.texts[key] = text } }
        for key in kind.addresses { settings.texts[key] = section.webAddress(key) }
        for key in kind.secrets { settings.secrets[key] = section.secret(key, file: key + "_file") }
        for key in kind.flags { settings.flags[key] = section.bool(key) }
        for key in kind.numbers { settings.numbers[key] = section.int(key) }
        for key in kind.durations { settings.numbers[key] = section.durationMs(key).map(Int.init) }
        for key in kind.tables { settings.tables[key] = table(section, key) }
        for (key, fields) in kind.parts { settings.parts[key] = parts(section, key, fields) }
        for (key, globalKey) in kind.inherited { inherit(&settings, key, globalKey) }
        kind.check(section, &settings, global)
        section.finish()
        return settings
    }

    private func inherit(_ settings: inout ReceiverSettings, _ key: String, _ globalKey: String) {
        if settings.secrets[key] == nil, kind.secrets.contains(key) {
            settings.secrets[key] = global.secrets[globalKey]
        }
        if settings.texts[key] == nil { settings.texts[key] = global.addresses[globalKey] }
    }

    /// Values may be trees where the other side takes such.
    private func table(_ section: YAMLSection, _ key: String) -> [String: String]? {
        guard let pairs = section.pairs(key) else { return nil }
        var table: [String: String] = [:]
        for pair in pairs {
            table[pair.key] = pair.value.text ?? JSONText.text(of: pair.value)
        }
        return table
    }

    private func parts(_ section: YAMLSection, _ key: String, _ fields: [String]) -> [[String: String]] {
        section.sections(key, "entry of \(key)").map { part in
            var texts: [String: String] = [:]
            for field in fields {
                guard let node = part.value(field) else { continue }
                texts[field] = node.text ?? JSONText.text(of: node)
            }
            part.finish()
            return texts
        }
    }
}

extension JSONText {
    /// A tree of YAML as JSON.
    static func text(of node: YAMLNode) -> String {
        var writer = JSONWriter()
        write(node, to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func write(_ node: YAMLNode, to writer: inout JSONWriter) {
        switch node.content {
        case .scalar(let scalar):
            if let value = scalar.bool {
                writer.bool(value)
            } else if let value = scalar.int {
                writer.number(value)
            } else {
                writer.string(scalar.text)
            }
        case .sequence(let nodes):
            writer.beginArray()
            for node in nodes { write(node, to: &writer) }
            writer.endArray()
        case .mapping(let pairs):
            writer.beginObject()
            for pair in pairs {
                writer.name(pair.key)
                write(pair.value, to: &writer)
            }
            writer.endObject()
        }
    }
}
