package import Encoding
package import HTTP

/// What integrations are made of.
package struct IntegrationContext: Sendable {
    let host: HostFiles
    let client: HTTPClient

    package init(host: HostFiles, client: HTTPClient) {
        (self.host, self.client) = (host, client)
    }
}

/// A source of metrics about a service, with the names of its usual exporter. One file each; see `Integrations`.
struct IntegrationDefinition: Sendable {
    typealias Make = @Sendable (IntegrationContext) -> any Collector

    /// Its key under `integrations`.
    let key: String
    /// Reads its section but for `labels`, and says how it is made.
    let read: @Sendable (YAMLSection) -> Make

    init(_ key: String, _ read: @escaping @Sendable (YAMLSection) -> Make) {
        (self.key, self.read) = (key, read)
    }
}

/// `integrations`: each kind one mapping or a list of them.
package struct IntegrationOptions: Sendable {
    private struct One: Sendable {
        let key: String
        let labels: [MetricPage.Label]
        let make: IntegrationDefinition.Make
    }

    private var all: [One] = []

    package init() {}

    package init(_ section: YAMLSection) {
        for definition in Integrations.all {
            guard let node = section.value(definition.key) else { continue }
            let entries: [YAMLSection] =
                if case .sequence = node.content {
                    section.sections(definition.key, definition.key)
                } else {
                    section.section(definition.key).map { [$0] } ?? []
                }
            var seen: Set<[String: String]> = []
            for entry in entries {
                let labels = entry.texts("labels")
                if !seen.insert(labels).inserted {
                    entry.refuse("two of \(definition.key) have the same labels", "tell them apart by labels: {...}")
                }
                let make = definition.read(entry)
                entry.finish()
                all.append(
                    One(
                        key: definition.key, labels: labels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
                        make: make))
            }
        }
        section.finish()
    }

    /// What probes extract from answers: in later steps `${name}` is that, and no variable of the environment.
    package static func extractedNames(in node: YAMLNode) -> Set<String> {
        switch node.content {
        case .scalar: []
        case .sequence(let nodes): nodes.reduce(into: []) { $0.formUnion(extractedNames(in: $1)) }
        case .mapping(let pairs):
            pairs.reduce(into: []) { names, pair in
                names.formUnion(extractedNames(in: pair.value))
                if pair.key == "extract", case .mapping(let found) = pair.value.content {
                    names.formUnion(found.map(\.key))
                }
            }
        }
    }

    package var isEmpty: Bool { all.isEmpty }

    /// The metrics of all of them, asked as the host's are.
    package func metrics(
        _ context: IntegrationContext, patienceNs: Int64, failure: @escaping HostMetrics.Failure
    ) -> HostMetrics {
        HostMetrics(
            all.map { RunningCollector($0.key, $0.make(context), labels: $0.labels) }, patienceNs: patienceNs,
            words: HostMetrics.Words(prefix: "obs_agent_integration", label: "integration"), failure: failure)
    }
}
