import Encoding
import HTTP
import Posix

/// The services of a Consul catalog, each asked for by a query that the agent answers when something has changed.
struct ConsulDiscovery: Discovery {
    /// How long the agent may keep a query.
    private static let waitSeconds = 120
    private static let retryMs: Int64 = 15_000
    private static let answersMax = 4096
    private static let answerBytesMax = 64 << 20

    private struct Answer: Sendable {
        /// Nil for the catalog.
        let service: String?
        let result: Result<ClientResponse, ClientError>
    }

    /// One query that is asked again and again.
    private struct Watch {
        /// Where the next answer has to be newer than.
        var index: UInt64 = 0
        var isAsked = false
        var dueNs: Int64 = 0
        var groups: [TargetGroup]?
    }

    private let options: ConsulDiscoveryOptions

    init(_ options: ConsulDiscoveryOptions) { self.options = options }

    func run(_ turn: DiscoveryTurn) {
        guard let datacenter = datacenter(turn) else { return }
        let mailbox = DiscoveryMailbox<Answer>(capacity: Self.answersMax)
        turn.onEnd { mailbox.end() }
        var catalog = Watch()
        var services: [String: Watch] = [:]
        let watchesCatalog = options.services.isEmpty || !options.tags.isEmpty
        if !watchesCatalog { for name in options.services { services[name] = Watch() } }
        while !turn.isEnding {
            if watchesCatalog { ask(nil, &catalog, datacenter, mailbox, turn) }
            for name in services.keys.sorted() {
                guard var watch = services[name] else { continue }
                ask(name, &watch, datacenter, mailbox, turn)
                services[name] = watch
            }
            let answers = mailbox.take(waitingAtMostMs: 1000)
            for answer in answers {
                if let name = answer.service {
                    guard var watch = services[name] else { continue }
                    if let body = body(of: answer, &watch, turn) { watch.groups = targets(body, name, datacenter) }
                    services[name] = watch
                } else if let body = body(of: answer, &catalog, turn) {
                    catalog.groups = []
                    let wanted = wanted(body)
                    services = services.filter { wanted.contains($0.key) }
                    for name in wanted where services[name] == nil { services[name] = Watch() }
                }
            }
            let isKnown = !watchesCatalog || catalog.groups != nil
            if !answers.isEmpty, isKnown, services.values.allSatisfy({ $0.groups != nil }) {
                turn.publish(services.sorted { $0.key < $1.key }.flatMap { $0.value.groups ?? [] })
            }
        }
    }

    /// The configured one, or that of the agent, which is asked until it says so; nil at the end.
    private func datacenter(_ turn: DiscoveryTurn) -> String? {
        if !options.datacenter.isEmpty { return options.datacenter }
        while !turn.isEnding {
            if let response = turn.answer(to: request("/v1/agent/self", [])) {
                let body = response.body
                if let answer = try? JSONValue.parse(body.span),  // what is no JSON has no name either
                    let name = answer["Config"]?["Datacenter"]?.text
                {
                    return name
                }
                turn.failed("the Consul agent \(options.server) does not say which datacenter it is in")
            }
            if !turn.pause(ms: Self.retryMs) { return nil }
        }
        return nil
    }

    private func request(_ path: String, _ parameters: [(String, String)]) -> ClientRequest {
        let query = parameters.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
        let url = "\(options.scheme)://\(options.server)\(options.pathPrefix)\(path)"
        var request = ClientRequest(.get, query.isEmpty ? url : "\(url)?\(query)")
        request.options = options.client
        request.timeoutNs = Int64(Self.waitSeconds + 15) * 1_000_000_000
        request.answerBytesMax = Self.answerBytesMax
        if let token = options.token { request.fields.append(("X-Consul-Token", token.text)) }
        return request
    }

    private func ask(
        _ service: String?, _ watch: inout Watch, _ datacenter: String, _ mailbox: DiscoveryMailbox<Answer>,
        _ turn: DiscoveryTurn
    ) {
        let nowNs = turn.context.time.monotonicNs
        guard !watch.isAsked, nowNs >= watch.dueNs else { return }
        watch.isAsked = true
        // What changes often is asked for no more often than this.
        watch.dueNs = nowNs + options.refreshIntervalMs * 1_000_000
        var parameters = [("dc", datacenter), ("wait", "\(Self.waitSeconds)s")]
        if watch.index > 0 { parameters.append(("index", "\(watch.index)")) }
        if options.allowsStale { parameters.append(("stale", "")) }
        if !options.namespace.isEmpty { parameters.append(("ns", options.namespace)) }
        if !options.partition.isEmpty { parameters.append(("partition", options.partition)) }
        for (name, value) in options.nodeMetadata.sorted(by: { $0.key < $1.key }) {
            parameters.append(("node-meta", "\(name):\(value)"))
        }
        let path: String
        if let service {
            path = "/v1/health/service/" + PercentEncoding.encode(service)
            for tag in options.tags { parameters.append(("tag", tag)) }
            if !options.healthFilter.isEmpty { parameters.append(("filter", options.healthFilter)) }
        } else {
            path = "/v1/catalog/services"
            if !options.filter.isEmpty { parameters.append(("filter", options.filter)) }
        }
        let request = request(path, parameters)
        turn.context.client.send(request, cancellation: turn.cancellation) { result in
            mailbox.put(Answer(service: service, result: result))
        }
    }

    /// What an answer holds, where it is newer than the one before.
    private func body(of answer: Answer, _ watch: inout Watch, _ turn: DiscoveryTurn) -> JSONValue? {
        watch.isAsked = false
        let what = answer.service.map { "the service \(Quoted.text($0))" } ?? "the catalog"
        let nowNs = turn.context.time.monotonicNs
        do {
            let response = try answer.result.get()
            guard response.status == .ok else {
                throw ClientError(.broken, "it answers \(response.status.rawValue) \(response.status.reason)")
            }
            let index = response.field("x-consul-index").flatMap { UInt64($0) } ?? 0
            if index == watch.index, index > 0, watch.groups != nil {
                watch.dueNs = nowNs
                return nil
            }
            // An index that goes back is one of a catalog that began anew.
            watch.index = index < watch.index ? 0 : index
            return try JSONValue.parse(response.body.span)
        } catch {
            watch.dueNs = nowNs + Self.retryMs * 1_000_000
            if !turn.isEnding { turn.failed("Consul at \(options.server) does not tell of \(what): \(error)") }
            return nil
        }
    }

    /// Names of services of the catalog that the settings want.
    private func wanted(_ catalog: JSONValue) -> Set<String> {
        let members = (catalog.members ?? []).filter { member in
            let tags = Set((member.value.elements ?? []).compactMap(\.text))
            return (options.services.isEmpty || options.services.contains(member.name))
                && options.tags.allSatisfy(tags.contains)
        }
        return Set(members.map(\.name))
    }

    private func targets(_ answer: JSONValue, _ name: String, _ datacenter: String) -> [TargetGroup] {
        (answer.elements ?? []).map { entry in
            let (node, service) = (entry["Node"], entry["Service"])
            let nodeAddress = node?["Address"]?.text ?? ""
            let serviceAddress = service?["Address"]?.text ?? ""
            let port = service?["Port"]?.int ?? 0
            let tags = (service?["Tags"]?.elements ?? []).compactMap(\.text)
            var labels = [
                "__meta_consul_service": name, "__meta_consul_dc": datacenter,
                "__meta_consul_address": nodeAddress, "__meta_consul_node": node?["Node"]?.text ?? "",
                "__meta_consul_namespace": service?["Namespace"]?.text ?? "",
                "__meta_consul_partition": service?["Partition"]?.text ?? "",
                "__meta_consul_tags": TargetNames.list(tags, separator: options.tagSeparator),
                "__meta_consul_service_address": serviceAddress, "__meta_consul_service_port": "\(port)",
                "__meta_consul_service_id": service?["ID"]?.text ?? "",
                "__meta_consul_health": Self.health(entry["Checks"]?.elements ?? []),
            ]
            func add(_ members: [JSONMember]?, _ prefix: String) {
                for member in members ?? [] {
                    labels["__meta_consul_\(prefix)_" + TargetNames.label(member.name)] = member.value.text ?? ""
                }
            }
            add(node?["Meta"]?.members, "metadata")
            add(service?["Meta"]?.members, "service_metadata")
            add(node?["TaggedAddresses"]?.members, "tagged_address")
            // A service may be registered by another node than the one that it runs on.
            let host = serviceAddress.isEmpty ? nodeAddress : serviceAddress
            return TargetGroup(targets: [TargetNames.address(host, port)], labels: labels)
        }
    }

    /// The worst of all checks; none are good ones.
    private static func health(_ checks: [JSONValue]) -> String {
        let isInMaintenance = checks.contains { check in
            let id = check["CheckID"]?.text ?? ""
            return id == "_node_maintenance" || id.hasPrefix("_service_maintenance:")
        }
        if isInMaintenance { return "maintenance" }
        let states = Set(checks.compactMap { $0["Status"]?.text })
        return ["critical", "warning", "passing"].first(where: states.contains) ?? (states.isEmpty ? "passing" : "")
    }
}
