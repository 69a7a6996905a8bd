import Encoding
import HTTP

/// The objects of one kind in one namespace, kept as they are by a list and then a watch that goes on where it broke off.
struct KubernetesWatch {
    /// What arrives on the client's thread.
    enum Arrival: Sendable {
        case end(Result<ClientResponse, ClientError>)
        case piece([UInt8])
    }

    /// The API's own bound on a list that is not asked for in pages is far away; this is what client-go asks for.
    private static let pageObjects = 500
    private static let watchSeconds: Int64 = 290
    private static let answerBytesMax = 256 << 20
    /// An object takes less than 2 MiB in etcd.
    private static let eventBytesMax = 16 << 20
    private static let backoffMsMin: Int64 = 800
    /// Between watches that end in good order.
    private static let pauseMs: Int64 = 100
    private static let backoffMsMax: Int64 = 30_000

    private enum Phase {
        case list(continuation: String?)
        case watch
    }

    let resource: KubernetesResource
    let namespace: String?
    private(set) var objects: [String: JSONValue] = [:]
    /// Whether there was a whole list.
    private(set) var isKnown = false
    private(set) var isAsked = false
    private(set) var dueNs: Int64 = 0
    private var listed: [String: JSONValue] = [:]
    private var phase = Phase.list(continuation: nil)
    private var version = ""
    private var backoffMs = Self.backoffMsMin
    /// What came of an event whose end did not.
    private var rest: [UInt8] = []

    init(_ resource: KubernetesResource, namespace: String?) {
        self.resource = resource
        self.namespace = namespace
    }

    /// The request that is due.
    ///
    /// - Parameter take: is given the pieces of a watch.
    mutating func request(
        _ cluster: KubernetesCluster, _ selector: KubernetesDiscoveryOptions.Selector?,
        take: @escaping @Sendable ([UInt8]) -> Bool
    ) -> ClientRequest {
        isAsked = true
        var parameters: [(String, String)] = []
        if let selector, !selector.label.isEmpty { parameters.append(("labelSelector", selector.label)) }
        if let selector, !selector.field.isEmpty { parameters.append(("fieldSelector", selector.field)) }
        switch phase {
        case .list(let continuation):
            parameters.append(("limit", "\(Self.pageObjects)"))
            if let continuation { parameters.append(("continue", continuation)) }
        case .watch:
            parameters += [
                ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", version),
                ("timeoutSeconds", "\(Self.watchSeconds)"),
            ]
        }
        let query = parameters.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
        var request = ClientRequest(.get, "\(cluster.server)\(resource.path(in: namespace))?\(query)")
        request.options = cluster.client
        request.fields = [("Accept", "application/json")]
        request.answerBytesMax = Self.answerBytesMax
        request.timeoutNs = 60_000_000_000
        if case .watch = phase {
            request.timeoutNs = (Self.watchSeconds + 30) * 1_000_000_000
            request.acceptsGzip = false
            request.receive = { piece in take(piece.indices.map { piece[$0] }) }
        }
        return request
    }

    /// Takes what arrived.
    ///
    /// - Returns: whether the objects changed, and what went wrong.
    mutating func take(_ arrival: Arrival, nowNs: Int64) -> (isChanged: Bool, failure: String?) {
        switch arrival {
        case .piece(let bytes): return takeEvents(bytes, nowNs)
        case .end(let result):
            isAsked = false
            rest = []
            if case .watch = phase { return endWatch(result, nowNs) }
            return takeList(result, nowNs)
        }
    }

    // MARK: lists

    private mutating func takeList(
        _ result: Result<ClientResponse, ClientError>, _ nowNs: Int64
    ) -> (isChanged: Bool, failure: String?) {
        do {
            let response = try result.get()
            if response.status.rawValue == 410 { return restart(nowNs, "the list has expired", soon: true) }
            guard response.status == .ok else {
                return restart(nowNs, "the API answers \(response.status.rawValue) \(response.status.reason)")
            }
            let list = try JSONValue.parse(response.body.span)
            for item in list["items"]?.elements ?? [] { listed[Self.key(item)] = item }
            let metadata = list["metadata"]
            if let next = metadata?["continue"]?.text, !next.isEmpty {
                phase = .list(continuation: next)
                return (false, nil)
            }
            version = metadata?["resourceVersion"]?.text ?? ""
            let isChanged = !isKnown || listed != objects
            (objects, listed, isKnown, phase) = (listed, [:], true, .watch)
            backoffMs = Self.backoffMsMin
            return (isChanged, nil)
        } catch {
            return restart(nowNs, "\(error)")
        }
    }

    /// Begins with a new list; what is known stays until it is there.
    private mutating func restart(
        _ nowNs: Int64, _ reason: String, soon: Bool = false
    ) -> (isChanged: Bool, failure: String?) {
        (phase, listed) = (.list(continuation: nil), [:])
        rest(nowNs, soon: soon)
        return (false, "\(resource.rawValue): \(reason)")
    }

    private mutating func rest(_ nowNs: Int64, soon: Bool = false) {
        if soon { return }
        dueNs = nowNs + backoffMs * 1_000_000
        backoffMs = min(backoffMs * 2, Self.backoffMsMax)
    }

    private static func key(_ object: JSONValue) -> String {
        let metadata = object["metadata"]
        return "\(metadata?["namespace"]?.text ?? "")/\(metadata?["name"]?.text ?? "")"
    }

    // MARK: watches

    private mutating func endWatch(
        _ result: Result<ClientResponse, ClientError>, _ nowNs: Int64
    ) -> (isChanged: Bool, failure: String?) {
        switch result {
        case .success(let response):
            if response.status.rawValue == 410 { return restart(nowNs, "the watch has expired", soon: true) }
            // An end in good order is what the API does every few minutes.
            if response.status == .ok {
                dueNs = nowNs + Self.pauseMs * 1_000_000
                return (false, nil)
            }
            rest(nowNs)
            return (false, "\(resource.rawValue): the watch is answered \(response.status.rawValue)")
        case .failure(let error):
            rest(nowNs)
            return (false, "\(resource.rawValue): \(error)")
        }
    }

    private mutating func takeEvents(_ bytes: [UInt8], _ nowNs: Int64) -> (isChanged: Bool, failure: String?) {
        rest += bytes
        var isChanged = false
        var start = 0
        while let end = rest[start...].firstIndex(of: 0x0a) {
            let line = rest[start..<end]
            start = end + 1
            if line.isEmpty { continue }
            guard case .watch = phase else { break }
            let text = Array(line)
            do throws(JSONError) {
                let event = try JSONValue.parse(text.span)
                let outcome = takeEvent(event, nowNs)
                isChanged = isChanged || outcome.isChanged
                if outcome.failure != nil {
                    rest = []
                    return (isChanged, outcome.failure)
                }
            } catch {
                rest = []
                return restart(nowNs, "an event of the watch is no JSON: \(error)")
            }
        }
        rest.removeFirst(start)
        if rest.count > Self.eventBytesMax {
            rest = []
            return restart(nowNs, "an event is larger than \(Self.eventBytesMax) bytes")
        }
        return (isChanged, nil)
    }

    private mutating func takeEvent(_ event: JSONValue, _ nowNs: Int64) -> (isChanged: Bool, failure: String?) {
        guard let object = event["object"] else { return (false, nil) }
        if event["type"]?.text == "ERROR" {
            let code = object["code"]?.int ?? 0
            return restart(nowNs, object["message"]?.text ?? "the watch ends with an error", soon: code == 410)
        }
        if let seen = object["metadata"]?["resourceVersion"]?.text { version = seen }
        backoffMs = Self.backoffMsMin
        let key = Self.key(object)
        switch event["type"]?.text {
        case "ADDED", "MODIFIED":
            objects[key] = object
            return (true, nil)
        case "DELETED":
            objects[key] = nil
            return (true, nil)
        default: return (false, nil)
        }
    }
}
