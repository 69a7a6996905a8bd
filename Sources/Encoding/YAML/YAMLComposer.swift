/// Builds the tree from events: anchors, aliases, merge keys, duplicate keys, tags, bounds.
struct YAMLComposer {
    private typealias Position = ConfigurationPosition
    private let file: String
    private var anchors: [String: YAMLNode] = [:]
    /// Anchors whose node is still being read: an alias to one of them would be a cycle.
    private var open: Set<String> = []

    /// What is wrong without keeping the rest from being read.
    private(set) var problems: [ConfigurationError] = []

    init(file: String) { self.file = file }

    mutating func document(_ events: YAMLEvents) throws(ConfigurationError) -> YAMLNode? {
        guard Self.startsDocument(try events.next()) else { return nil }
        let root = try node(try events.next(), events, depth: 0)
        _ = try events.next()
        try refuseFurtherDocuments(events)
        return root.isNull ? nil : root
    }

    /// A trailing `---` with nothing behind it is common and harmless; content there would be lost silently.
    private mutating func refuseFurtherDocuments(_ events: YAMLEvents) throws(ConfigurationError) {
        while Self.startsDocument(try events.next()) {
            let event = try events.next()
            let root = try node(event, events, depth: 0)
            guard root.isNull else {
                throw ConfigurationError(
                    at: event.position, "the file has a second document", "put it into a file of its own")
            }
            _ = try events.next()
        }
    }

    private static func startsDocument(_ event: YAMLEvents.Event) -> Bool {
        if case .documentStart = event.kind { true } else { false }
    }

    private mutating func node(
        _ event: YAMLEvents.Event, _ events: YAMLEvents, depth: Int
    ) throws(ConfigurationError) -> YAMLNode {
        guard depth < YAMLParser.Limits.depthMax else {
            throw ConfigurationError(
                at: event.position, "the document is nested more than \(YAMLParser.Limits.depthMax) levels deep")
        }
        switch event.kind {
        case .alias(let name): return try alias(name, event.position)
        case .scalar(let text, let tag, let isPlain, let anchor):
            let scalar = scalar(text, tag: tag, isPlain: isPlain, event.position)
            return keep(try bounded(.scalar(scalar), event.position), anchor)
        case .sequenceStart(let tag, let anchor):
            expect(tag, ["tag:yaml.org,2002:seq"], event.position)
            open.insert(anchor)
            let nodes = try sequence(events, depth: depth)
            return keep(try bounded(.sequence(nodes), event.position), anchor)
        case .mappingStart(let tag, let anchor):
            expect(tag, ["tag:yaml.org,2002:map"], event.position)
            open.insert(anchor)
            let pairs = try mapping(events, depth: depth)
            return keep(try bounded(.mapping(pairs), event.position), anchor)
        default: preconditionFailure("BUG: a YAML node begins with the end of another one")
        }
    }

    private mutating func sequence(
        _ events: YAMLEvents, depth: Int
    ) throws(ConfigurationError) -> [YAMLNode] {
        var nodes: [YAMLNode] = []
        while true {
            let event = try events.next()
            if case .sequenceEnd = event.kind { return nodes }
            nodes.append(try node(event, events, depth: depth + 1))
        }
    }

    private mutating func mapping(_ events: YAMLEvents, depth: Int) throws(ConfigurationError) -> [YAMLPair] {
        var pairs: [YAMLPair] = []
        var lineOfKey: [String: Int] = [:]
        var merged: [YAMLPair] = []
        while true {
            let event = try events.next()
            if case .mappingEnd = event.kind { break }
            let isMerge = Self.isMerge(event)
            let key = try node(event, events, depth: depth + 1)
            let value = try node(try events.next(), events, depth: depth + 1)
            if isMerge {
                merged += try mergedPairs(value)
                continue
            }
            guard case .scalar(let scalar) = key.content else {
                refuse(event.position, "\(key.shortDescription) cannot be a key", "keys are text")
                continue
            }
            if let line = lineOfKey[scalar.text] {
                refuse(
                    event.position, "duplicate key \(Quoted.text(scalar.text))",
                    "it is already set in line \(line): keep one")
                continue
            }
            lineOfKey[scalar.text] = event.position.line
            pairs.append(
                YAMLPair(key: scalar.text, line: event.position.line, column: event.position.column, value: value))
        }
        for pair in merged where lineOfKey.updateValue(pair.line, forKey: pair.key) == nil { pairs.append(pair) }
        return pairs
    }

    private static func isMerge(_ event: YAMLEvents.Event) -> Bool {
        guard case .scalar(let text, let tag, let isPlain, _) = event.kind else { return false }
        return tag == "tag:yaml.org,2002:merge" || (tag.isEmpty && isPlain && text == Array("<<".utf8))
    }

    private mutating func refuse(_ position: Position, _ what: String, _ remedy: String = "") {
        if problems.count < ConfigurationReport.errorsMax {
            problems.append(ConfigurationError(at: position, what, remedy))
        }
    }

    /// The pairs that a merge key brings in: of one mapping, or of a list of mappings, earlier ones first.
    private func mergedPairs(_ value: YAMLNode) throws(ConfigurationError) -> [YAMLPair] {
        var pairs: [YAMLPair] = []
        var sources = [value]
        if case .sequence(let nodes) = value.content { sources = nodes }
        for source in sources {
            guard case .mapping(let merged) = source.content else {
                throw ConfigurationError(
                    at: Position(file: file, line: value.line, column: value.column),
                    "`<<` merges \(source.shortDescription)", "give it a mapping or a list of mappings")
            }
            pairs += merged
        }
        return pairs
    }

    private func alias(_ name: String, _ position: Position) throws(ConfigurationError) -> YAMLNode {
        if open.contains(name) {
            throw ConfigurationError(at: position, "the alias *\(name) stands inside its own anchor")
        }
        guard let node = anchors[name] else {
            throw ConfigurationError(at: position, "unknown anchor *\(name)", "define it before with &\(name)")
        }
        return node
    }

    private mutating func keep(_ node: YAMLNode, _ anchor: String) -> YAMLNode {
        guard !anchor.isEmpty else { return node }
        open.remove(anchor)
        anchors[anchor] = node
        return node
    }

    private func bounded(
        _ content: YAMLContent, _ position: Position
    ) throws(ConfigurationError) -> YAMLNode {
        let nodes =
            switch content {
            case .scalar: 1
            case .sequence(let nodes): nodes.reduce(1) { $0 + $1.expandedNodes }
            case .mapping(let pairs): pairs.reduce(1 + pairs.count) { $0 + $1.value.expandedNodes }
            }
        guard nodes <= YAMLParser.Limits.nodesMax else {
            throw ConfigurationError(
                at: position, "the document has more than \(YAMLParser.Limits.nodesMax) nodes, aliases expanded")
        }
        return YAMLNode(line: position.line, column: position.column, content: content, expandedNodes: nodes)
    }
}

extension YAMLComposer {
    private mutating func scalar(
        _ bytes: [UInt8], tag: String, isPlain: Bool, _ position: ConfigurationPosition
    ) -> YAMLScalar {
        let prefix = "tag:yaml.org,2002:"
        let text = String(decoding: bytes, as: UTF8.self)
        switch tag {
        case "": return YAMLScalar(text: text, isPlain: isPlain)
        case "!", prefix + "str": return YAMLScalar(text: text, isPlain: false)
        case prefix + "null", prefix + "bool", prefix + "int", prefix + "float", prefix + "merge":
            return YAMLScalar(text: text, isPlain: true)
        case prefix + "binary": return YAMLScalar(text: binary(bytes, position), isPlain: false)
        default:
            expect(tag, [], position)
            return YAMLScalar(text: text, isPlain: isPlain)
        }
    }

    private mutating func expect(_ tag: String, _ allowed: [String], _ position: ConfigurationPosition) {
        guard !tag.isEmpty, tag != "!", !allowed.contains(tag) else { return }
        refuse(position, "the tag \(tag) is not known here", "leave it out")
    }

    /// `!!binary` is Base64; every setting is text, so what it holds has to be UTF-8.
    private mutating func binary(_ bytes: [UInt8], _ position: ConfigurationPosition) -> String {
        let digits = bytes.filter { $0 > 0x20 }
        guard let decoded = try? Base64.standard.decode(digits.span) else {  // where in it does not help the user
            refuse(position, "!!binary is not valid Base64")
            return ""
        }
        if let text = String(validating: decoded, as: UTF8.self) { return text }
        refuse(
            position, "\(Quoted.bytes(decoded)) is not a valid name or value", "names and values are UTF-8 text")
        return String(decoding: decoded, as: UTF8.self)
    }
}
