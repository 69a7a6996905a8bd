import Encoding
import HTTP
import Model

/// A kind of discovery that obs does not run: its settings are checked as Prometheus checks them, so that a typing
/// mistake shows, and a notice says what to use instead.
struct UnrunDiscovery: Sendable {
    enum Setting: Sendable {
        case text(String)
        case secret(String)
        case texts(String)
        case pairs(String)
        case whole(String)
        case truth(String)
        case duration(String)
        case file(String)
        case filters(String)
        case tls(String)
    }

    indirect enum Rule: Sendable {
        case required(String, String)
        case atLeastOne([String], String)
        case atMostOne([String], String)
        /// The words, the one that stands for an absent setting, and what to say of any other.
        case word(String, [String], otherwise: String?, String)
        /// With `isAddress` scheme and host have to be there.
        case url(String, isAddress: Bool, String)
        case urlScheme(String, [String], String)
        case beginsWithSlash(String, String)
        case none([String], String)
        /// Further rules where a setting, or its default, is this word.
        case when(String, is: String, otherwise: String?, [Rule])
    }

    let kind: String
    let settings: [Setting]
    let hasClientOptions: Bool
    let rules: [Rule]
    let instead: String

    init(
        _ kind: String, _ settings: [Setting], client hasClientOptions: Bool = true, rules: [Rule] = [],
        instead: String = "write the targets to files for file_sd_configs or serve them to http_sd_configs"
    ) {
        self.kind = kind
        self.settings = settings
        self.hasClientOptions = hasClientOptions
        self.rules = rules
        self.instead = instead
    }

    /// Reads the key of this kind from a section that has other keys as well.
    func read(_ parent: YAMLSection) {
        let key = "\(kind)_sd_configs"
        let sections = parent.sections(key, "\(kind) discovery")
        for section in sections {
            for setting in settings { Self.read(setting, section) }
            if hasClientOptions { _ = HTTPClientOptions(inlineIn: section) }
            for rule in rules { Self.check(rule, section) }
            section.finish()
        }
        guard !sections.isEmpty else { return }
        parent.reader.notice(parent.place(of: key), "obs does not run \(key), these targets are not found: \(instead)")
    }

    private static func read(_ setting: Setting, _ section: YAMLSection) {
        switch setting {
        case .text(let key): _ = section.string(key)
        case .secret(let key): _ = section.secret(key)
        case .texts(let key): _ = section.strings(key)
        case .pairs(let key): _ = section.texts(key)
        case .whole(let key): _ = section.int(key)
        case .truth(let key): _ = section.bool(key)
        case .duration(let key): _ = section.durationMs(key)
        case .file(let key): _ = section.path(key)
        case .filters(let key): _ = DiscoveryFilter.read(section, key)
        case .tls(let key): _ = TLSClientOptions.read(section, key)
        }
    }

    private static func check(_ rule: Rule, _ section: YAMLSection) {
        switch rule {
        case .required(let key, let message):
            if !isSet(key, section) { section.refuse(at: key, message) }
        case .atLeastOne(let keys, let message):
            if !keys.contains(where: { isSet($0, section) }) { section.refuse(message) }
        case .atMostOne(let keys, let message):
            let set = keys.filter { isSet($0, section) }
            if set.count > 1 { section.refuse(at: set[1], message) }
        case .word(let key, let words, let otherwise, let message):
            guard let word = section.value(key)?.text ?? otherwise else { return section.refuse(at: key, message) }
            if !words.contains(word) { section.refuse(at: key, "\(message) \(Quoted.text(word))", use(words)) }
        case .url(let key, let isAddress, let message):
            if isSet(key, section), !isURL(key, isAddress, section) { section.refuse(at: key, message) }
        case .urlScheme(let key, let schemes, let message):
            guard let text = section.value(key)?.text, !schemes.contains(where: { text.hasPrefix("\($0)://") }) else {
                return
            }
            section.refuse(at: key, message)
        case .beginsWithSlash(let key, let message):
            for node in section.list(key) ?? [] where node.text?.hasPrefix("/") != true {
                section.reader.refuse(node, message)
            }
        case .none(let keys, let message):
            if let key = keys.first(where: { isSet($0, section) }) { section.refuse(at: key, message) }
        case .when(let key, let value, let otherwise, let rules):
            guard (section.value(key)?.text ?? otherwise) == value else { return }
            for rule in rules { check(rule, section) }
        }
    }

    private static func use(_ words: [String]) -> String { "use one of \(words.joined(separator: ", "))" }

    /// An empty text or list counts as absent, as in Go.
    private static func isSet(_ key: String, _ section: YAMLSection) -> Bool {
        guard let node = section.value(key) else { return false }
        if case .sequence(let entries) = node.content { return !entries.isEmpty }
        return node.text != ""
    }

    private static func isURL(_ key: String, _ isAddress: Bool, _ section: YAMLSection) -> Bool {
        do throws(URLError) {
            let url = try URL(section.value(key)?.text ?? "")
            return !isAddress || !url.scheme.isEmpty && !url.host.isEmpty
        } catch {
            return false
        }
    }
}
