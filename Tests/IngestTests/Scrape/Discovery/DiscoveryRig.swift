import Encoding
import HTTP
import Posix
import Telemetry
import TestSupport
import Testing

@testable import Ingest

/// A discovery that asks a server of the test, and what it has told.
final class DiscoveryRig {
    struct Asked: Sendable {
        var path: String
        /// By name; of a form for POST, of the query otherwise.
        var values: [String: String]
        var fields: [String: String]
        var body: String
    }

    struct Answer: Sendable {
        var status = 200
        var body = ""
        var fields: [(String, String)] = []
    }

    private struct State: Sendable {
        var asked: [Asked] = []
        var told: [[TargetGroup]] = []
    }

    /// `127.0.0.1:40123`
    let address: String
    private let state = Lock(State())
    private let server: Server
    private let client: HTTPClient
    private let registry = Registry()
    private var thread: OwnedThread?
    private var turn: DiscoveryTurn?

    /// - Parameters:
    ///   - names: of parameters and header fields that the test looks at.
    ///   - answer: given what was asked and how often that path was asked before.
    init(
        paths: [String], names: [String] = [], answer: @escaping @Sendable (Asked, Int) -> Answer
    ) throws {
        var router = Router()
        let state = state
        @Sendable func take(_ request: borrowing Request, _ response: inout Response, _ path: String) {
            var values: [String: String] = [:]
            var fields: [String: String] = [:]
            for name in names {
                if let value = request.value(name) { values[name] = value }
                if let value = request.headerText(name) { fields[name] = value }
            }
            let body = request.body
            let text = String(decoding: body.indices.map { body[$0] }, as: UTF8.self)
            let asked = Asked(path: path, values: values, fields: fields, body: text)
            let before = state.withLock { state in
                defer { state.asked.append(asked) }
                return state.asked.filter { $0.path == path }.count
            }
            let found = answer(asked, before)
            response.status = Status(rawValue: found.status)
            for (name, value) in found.fields { response.fields.append(name, value) }
            response.send(found.body, contentType: "application/json")
        }
        for path in paths {
            router.get(path, role: nil) { request, response in take(request, &response, path) }
            router.post(path, role: nil) { request, response in take(request, &response, path) }
            router.add(.put, path, role: nil) { request, response in take(request, &response, path) }
        }
        server = try Server(ServerOptions(), router: router, registry: Registry())
        try server.start()
        address = "\(try server.listen(on: .loopback(port: 0)))"
        client = HTTPClient("test", registry: Registry())
    }

    deinit {
        turn?.end()
        thread?.join()
        client.stop()
        server.stop(drainingAtMostNs: 0)
    }

    func start(_ discovery: any Discovery) throws {
        let sink = LogSink(level: .error, registry: registry)
        let context = DiscoveryContext(
            client: client, files: LocalFileSystem(), registry: registry, log: Logger(sink, component: "test"),
            time: SystemTime())
        let state = state
        let turn = DiscoveryTurn("test", context) { groups in state.withLock { $0.told.append(groups) } }
        self.turn = turn
        thread = try OwnedThread(name: "discovery") { discovery.run(turn) }
    }

    var asked: [Asked] { state.withLock { $0.asked } }

    /// What was told, waiting until it satisfies the test.
    @discardableResult
    func wait(_ what: Comment, until condition: ([TargetGroup]) -> Bool) throws -> [TargetGroup] {
        try awaited(what) { $0.told.last.flatMap { condition($0) ? $0 : nil } }
    }

    /// What was asked, waiting until it satisfies the test: the answer to a question is told before the next is asked.
    func waitToBeAsked(_ what: Comment, until condition: ([Asked]) -> Bool) throws -> [Asked] {
        try awaited(what) { condition($0.asked) ? $0.asked : nil }
    }

    private func awaited<Found>(_ what: Comment, _ found: (State) -> Found?) throws -> Found {
        let time = SystemTime()
        let startedNs = time.monotonicNs
        let pause = Monitor(false)
        while true {
            if let found = found(state.withLock { $0 }) { return found }
            try #require(
                time.monotonicNs - startedNs < 60_000_000_000, "\(what), asked were \(asked.map(\.path))")
            _ = pause.wait(atMostNs: 2_000_000) { $0 ? true : nil }
        }
    }

    /// The options of one kind of discovery as YAML, with `ADDRESS` for the server's.
    func options(_ kind: String, _ text: String) throws -> DiscoveryOptions {
        let whole = "\(kind)_sd_configs: [\(text.replacing("ADDRESS", with: address))]"
        let reader = YAMLReader(file: "p.yml", report: ConfigurationReport())
        let bytes = Array(whole.utf8)
        guard let node = reader.document(bytes.span), let section = reader.section(node, "scrape config") else {
            throw ConfigurationError(at: ConfigurationPosition(file: "p.yml", line: 1, column: 1), "no section")
        }
        let found = DiscoveryOptions.read(section)
        try #require(reader.report.errors.isEmpty, "\(reader.report.errors)")
        return try #require(found.first)
    }
}

extension [TargetGroup] {
    /// The labels of the target with that address.
    func labels(of address: String) -> [String: String]? { first { $0.targets == [address] }?.labels }
    var addresses: [String] { flatMap(\.targets) }
}
