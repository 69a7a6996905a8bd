package import Encoding

/// Makes the agent's configuration of one of promtail. What the agent does otherwise, or not at all, is a notice in the
/// report, at its place in the file.
package struct PromtailConversion {
    private let reader: YAMLReader
    private var collectors: [YAMLText] = []
    private var labels: [String: String] = [:]
    private var listen = "127.0.0.1:9100"
    private var files: [YAMLText] = []
    private var journald: YAMLText?
    private var syslog: [YAMLText] = []
    private var pipelines: [YAMLText] = []

    /// The configuration as YAML; nil where the file is no mapping, which the report tells.
    package static func text(of bytes: Span<UInt8>, file: String, _ report: ConfigurationReport) -> String? {
        let reader = YAMLReader(file: file, report: report)
        guard let document = reader.document(bytes), let pairs = reader.pairs(document, "promtail's configuration")
        else {
            return nil
        }
        var conversion = PromtailConversion(reader: reader)
        for pair in pairs { conversion.readTop(pair) }
        return report.isClean ? conversion.text : nil
    }

    private init(reader: YAMLReader) {
        self.reader = reader
    }

    private var text: String {
        var logs: [(key: String, value: YAMLText)] = []
        if !files.isEmpty { logs.append(("files", .list(files))) }
        if let journald { logs.append(("journald", journald)) }
        if !syslog.isEmpty { logs.append(("syslog", .list(syslog))) }
        if !pipelines.isEmpty { logs.append(("pipelines", .list(pipelines))) }
        var top: [(key: String, value: YAMLText)] = [("listen", .text(listen))]
        if !collectors.isEmpty { top.append(("collector", .list(collectors))) }
        if !labels.isEmpty { top.append(("labels", .texts(labels))) }
        top.append(("metrics", .map([("send", .plain("false"))])))
        if !logs.isEmpty { top.append(("logs", .map(logs))) }
        top.append(("buffer", .map([("path", .text("/var/lib/obs/agent"))])))
        return YAMLText.map(top).lines()
    }

    private func notice(_ node: YAMLNode, _ what: String) { reader.notice(node, what) }

    private mutating func readTop(_ pair: YAMLPair) {
        switch pair.key {
        case "server": readServer(pair.value)
        case "client": readClient(pair.value)
        case "clients": for client in Self.items(pair.value) { readClient(client) }
        case "positions":
            notice(
                pair.value,
                "how far files are read is kept in buffer.path; the agent begins without promtail's positions")
        case "scrape_configs": for config in Self.items(pair.value) { readScrape(config) }
        default: notice(pair.value, "\(pair.key) has nothing of its kind in the agent")
        }
    }

    static func items(_ node: YAMLNode) -> [YAMLNode] {
        if case .sequence(let items) = node.content { items } else { [] }
    }

    static func pairs(_ node: YAMLNode) -> [YAMLPair] {
        if case .mapping(let pairs) = node.content { pairs } else { [] }
    }

    /// The scalars of a mapping.
    static func texts(_ node: YAMLNode?) -> [String: String] {
        guard let node else { return [:] }
        return Dictionary(pairs(node).map { ($0.key, $0.value.text ?? "") }, uniquingKeysWith: { $1 })
    }

    private mutating func readServer(_ node: YAMLNode) {
        let facts = Self.texts(node)
        let port = facts["http_listen_port"] ?? "80"
        if port != "0", port != "80" { listen = "127.0.0.1:\(port)" }
        if let address = facts["http_listen_address"], !address.hasPrefix("127."), address != "localhost" {
            notice(node, "the agent listens on 127.0.0.1; others need listen with auth and tls")
        }
    }

    private mutating func readClient(_ node: YAMLNode) {
        var collector: [(key: String, value: YAMLText)] = []
        for pair in Self.pairs(node) {
            switch pair.key {
            case "url":
                let url = pair.value.text ?? ""
                let suffix = "/loki/api/v1/push"
                collector.append(("url", .text(url.hasSuffix(suffix) ? String(url.dropLast(suffix.count)) : url)))
            case "name", "timeout", "bearer_token_file", "proxy_url", "follow_redirects":
                let key = pair.key == "bearer_token_file" ? "token_file" : pair.key
                collector.append((key, Self.copied(pair.value)))
            case "bearer_token": collector.append(("token", Self.copied(pair.value)))
            case "basic_auth", "tls_config", "authorization", "oauth2", "headers":
                collector.append((pair.key, Self.copied(pair.value)))
            case "external_labels": labels.merge(Self.texts(pair.value)) { $1 }
            case "tenant_id": notice(pair.value, "a collector of obs has no tenants; give the token of one instead")
            case "batchwait", "batchsize", "backoff_config":
                notice(
                    pair.value, "\(pair.key) is decided by the agent: a batch goes after half a second or a megabyte")
            default: notice(pair.value, "\(pair.key) of a client is not brought over")
            }
        }
        if !collectors.isEmpty, !collector.contains(where: { $0.key == "name" }) {
            collector.append(("name", .text("collector-\(collectors.count + 1)")))
        }
        collectors.append(.map(collector))
    }

    /// The same tree.
    private static func copied(_ node: YAMLNode) -> YAMLText {
        switch node.content {
        case .scalar(let scalar):
            scalar.isPlain && ["true", "false"].contains(scalar.text) ? .plain(scalar.text) : .text(scalar.text)
        case .sequence(let nodes): .list(nodes.map(copied))
        case .mapping(let pairs): .map(pairs.map { ($0.key, copied($0.value)) })
        }
    }
}

// Where lines come from.
extension PromtailConversion {
    private mutating func readScrape(_ node: YAMLNode) {
        let stages = PromtailStages(node["pipeline_stages"], reader)
        let relabelled = readRelabelling(node["relabel_configs"])
        for pair in Self.pairs(node) {
            switch pair.key {
            case "job_name", "pipeline_stages", "relabel_configs": break
            case "static_configs": for target in Self.items(pair.value) { addFiles(target, stages, relabelled.set) }
            case "journal": addJournal(pair.value, stages, relabelled)
            case "syslog": addSyslog(pair.value, stages, relabelled.set)
            case "docker_sd_configs": addContainers(pair.value, stages)
            case "kubernetes_sd_configs": addPods(pair.value, stages)
            case "decompression": break
            case "encoding" where ["utf-8", "utf8", ""].contains(pair.value.text?.lowercased() ?? ""): break
            default: notice(pair.value, "\(pair.key) has nothing of its kind in the agent")
            }
        }
        for rule in relabelled.left where node["journal"] == nil {
            notice(rule, "relabelling of targets is not brought over; use labels, path_labels or stages")
        }
    }

    private func addTo(_ entry: inout [(key: String, value: YAMLText)], _ stages: PromtailStages) {
        if stages.form != "plain" { entry.append(("format", .text(stages.form))) }
        if !stages.multiline.isEmpty { entry.append(("multiline", stages.multiline)) }
        if !stages.stages.isEmpty { entry.append(("stages", .list(stages.stages))) }
    }

    private mutating func addFiles(_ target: YAMLNode, _ stages: PromtailStages, _ set: [String: String]) {
        var labels = Self.texts(target["labels"])
        guard let path = labels.removeValue(forKey: "__path__") else {
            return notice(target, "a target without __path__ names no files")
        }
        var entry: [(key: String, value: YAMLText)] = [("paths", .list(Self.alternatives(path).map { .text($0) }))]
        if let excluded = labels.removeValue(forKey: "__path_exclude__") {
            entry.append(("exclude", .list(Self.alternatives(excluded).map { .text($0) })))
        }
        labels.merge(set) { $1 }
        labels = labels.filter { !$0.key.hasPrefix("__") }
        if !labels.isEmpty { entry.append(("labels", .texts(labels))) }
        addTo(&entry, stages)
        files.append(.map(entry))
    }

    /// `a/{b,c}/*.log`, which doublestar expands.
    private static func alternatives(_ pattern: String) -> [String] {
        guard let open = pattern.firstIndex(of: "{"), let close = pattern[open...].firstIndex(of: "}") else {
            return [pattern]
        }
        let (head, tail) = (pattern[..<open], pattern[pattern.index(after: close)...])
        return pattern[pattern.index(after: open)..<close].split(separator: ",", omittingEmptySubsequences: false)
            .flatMap { alternatives("\(head)\($0)\(tail)") }
    }

    private mutating func addJournal(
        _ node: YAMLNode, _ stages: PromtailStages,
        _ relabelled: (set: [String: String], fields: [String: String], left: [YAMLNode])
    ) {
        var entry: [(key: String, value: YAMLText)] = []
        var labels = relabelled.set
        for pair in Self.pairs(node) {
            switch pair.key {
            case "path", "max_age": entry.append((pair.key, .text(pair.value.text ?? "")))
            case "labels": labels.merge(Self.texts(pair.value)) { $1 }
            case "matches":
                let matches = (pair.value.text ?? "").split(separator: " ").map { YAMLText.text(String($0)) }
                entry.append(("matches", .list(matches)))
            case "json" where pair.value.text == "false": break
            default: notice(pair.value, "\(pair.key) of a journal is not brought over")
            }
        }
        if !labels.isEmpty { entry.append(("labels", .texts(labels))) }
        entry.append(("field_labels", .texts(relabelled.fields)))
        for rule in relabelled.left {
            notice(rule, "this relabelling of the journal is not brought over; use field_labels or stages")
        }
        if !stages.stages.isEmpty { entry.append(("stages", .list(stages.stages))) }
        if journald != nil { notice(node, "the agent reads one journal; the first is kept") }
        journald = journald ?? .map(entry)
    }

    private mutating func addSyslog(_ node: YAMLNode, _ stages: PromtailStages, _ set: [String: String]) {
        var entry: [(key: String, value: YAMLText)] = []
        var labels = set
        var carrier = "tcp"
        var isSafe = false
        for pair in Self.pairs(node) {
            switch pair.key {
            case "listen_address":
                let address = pair.value.text ?? ""
                entry.append(("listen", .text(address)))
                isSafe = address.hasPrefix("127.") || address.hasPrefix("[::1]") || address.hasPrefix("localhost")
            case "listen_protocol": carrier = pair.value.text ?? carrier
            case "labels": labels.merge(Self.texts(pair.value)) { $1 }
            case "tls_config":
                carrier = "tls"
                let facts = Self.texts(pair.value)
                var tls = facts.filter { ["cert_file", "key_file"].contains($0.key) }
                if let authority = facts["ca_file"] {
                    tls["client_ca_file"] = authority
                    tls["client_auth_type"] = "RequireAndVerifyClientCert"
                    isSafe = true
                }
                entry.append(("tls", .texts(tls)))
            // Both are what the agent does.
            case "use_incoming_timestamp", "label_structured_data", "idle_timeout", "max_message_length": break
            default: notice(pair.value, "\(pair.key) of syslog is not brought over")
            }
        }
        entry.append(("protocol", .text(carrier)))
        if !isSafe { entry.append(("insecure", .plain("true"))) }
        if !labels.isEmpty { entry.append(("labels", .texts(labels))) }
        syslog.append(.map(entry))
        guard !stages.stages.isEmpty else { return }
        if labels.isEmpty {
            notice(node, "stages of syslog need a label by which its lines are known; the label listener is set")
            syslog[syslog.count - 1] = .map(entry + [("labels", .texts(["listener": "syslog"]))])
            labels = ["listener": "syslog"]
        }
        pipelines.append(.map([("match", .texts(labels)), ("stages", .list(stages.stages))]))
    }

    private mutating func addContainers(_ node: YAMLNode, _ stages: PromtailStages) {
        notice(node, "containers are read from Docker's files; names and labels of Docker's API become no labels")
        var entry: [(key: String, value: YAMLText)] = [
            ("paths", .list([.text("/var/lib/docker/containers/*/*-json.log")])), ("format", .text("docker")),
            ("path_labels", .text("/containers/(?P<container_id>[0-9a-f]{12})")),
        ]
        if !stages.multiline.isEmpty { entry.append(("multiline", stages.multiline)) }
        if !stages.stages.isEmpty { entry.append(("stages", .list(stages.stages))) }
        files.append(.map(entry))
    }

    private mutating func addPods(_ node: YAMLNode, _ stages: PromtailStages) {
        notice(node, "pods are read from the node's files; labels of Kubernetes' API become no labels")
        var entry: [(key: String, value: YAMLText)] = [
            ("paths", .list([.text("/var/log/pods/*/*/*.log")])), ("format", .text("cri")),
            ("path_labels", .text("/pods/(?P<namespace>[^_/]+)_(?P<pod>[^_/]+)_[^/]+/(?P<container>[^/]+)/")),
        ]
        if !stages.multiline.isEmpty { entry.append(("multiline", stages.multiline)) }
        if !stages.stages.isEmpty { entry.append(("stages", .list(stages.stages))) }
        files.append(.map(entry))
    }

    /// Labels that rules set to fixed texts, journal fields that become labels, and the rules that are neither.
    private func readRelabelling(
        _ node: YAMLNode?
    ) -> (set: [String: String], fields: [String: String], left: [YAMLNode]) {
        var set: [String: String] = [:]
        var fields: [String: String] = [:]
        var left: [YAMLNode] = []
        for rule in node.map(Self.items) ?? [] {
            let facts = Self.texts(rule)
            let sources = rule["source_labels"].map { Self.items($0).compactMap(\.text) } ?? []
            let isPlain = ["replace", ""].contains(facts["action"] ?? "") && facts["regex"] == nil
            let target = facts["target_label"] ?? ""
            if isPlain, sources.isEmpty, let text = facts["replacement"], !target.isEmpty {
                set[target] = text
            } else if isPlain, facts["replacement"] == nil, sources.count == 1, !target.isEmpty,
                let field = Self.journalField(sources[0])
            {
                fields[target] = field
            } else {
                left.append(rule)
            }
        }
        return (set, fields, left)
    }

    /// `__journal__systemd_unit` is the field _SYSTEMD_UNIT.
    private static func journalField(_ label: String) -> String? {
        let prefix = "__journal_"
        guard label.hasPrefix(prefix), label != "__journal_priority_keyword" else { return nil }
        return label.dropFirst(prefix.count).uppercased()
    }
}
