import Crypto
import Encoding
import HTTP
import Model
import Posix

/// What a user meets, tried from this host at an interval: journeys over HTTP, connections, TLS, names, echoes. The names
/// are those of blackbox_exporter, with `probe` telling which.
final class ProbeIntegration: Collector {
    static let definition = IntegrationDefinition("probe") { section in
        var probes: [NamedProbe] = []
        for entry in section.sections("targets", "probe") {
            if let probe = NamedProbe(entry) { probes.append(probe) }
        }
        if probes.isEmpty { section.refuse("probe has no targets", "write targets: [{name: shop, http: {...}}]") }
        if Set(probes.map(\.name)).count < probes.count {
            section.refuse(at: "targets", "two probes have one name", "rename one")
        }
        if probes.count > Limits.probesMax {
            section.refuse(at: "targets", "there are more than \(Limits.probesMax) probes", "leave some out")
        }
        return { [probes] context in ProbeIntegration(probes, context.client) }
    }

    enum Limits {
        static let probesMax = 100
    }

    private let runs: [ProbeRun]

    init(_ probes: [NamedProbe], _ client: HTTPClient) {
        runs = probes.map { ProbeRun($0, client) }
    }

    /// Shows what each probe came to last.
    func update(_ page: inout MetricPage) throws(CollectorError) {
        for run in runs {
            try run.begin()
            for sample in run.last {
                page.add(sample.name, sample.kind, sample.help, sample.value, [("probe", run.name)] + sample.labels)
            }
        }
    }
}

/// One probe of the configuration.
struct NamedProbe: Sendable {
    let name: String
    let intervalMs: Int64
    let labels: [String: String]
    let probe: any Probe

    private static let kinds: [(key: String, read: @Sendable (YAMLSection) -> any Probe)] = [
        ("dns", DNSProbe.init), ("http", HTTPJourney.init), ("icmp", EchoProbe.init), ("tcp", ConnectionProbe.init),
        ("tls", HandshakeProbe.init),
    ]

    init(name: String, intervalMs: Int64 = 30_000, labels: [String: String] = [:], _ probe: any Probe) {
        (self.name, self.intervalMs, self.labels, self.probe) = (name, intervalMs, labels, probe)
    }

    /// Reads `{name: shop, interval: 30s, http: {...}}`. Nil where an error was reported.
    init?(_ section: YAMLSection) {
        let name = section.string("name") ?? ""
        if name.isEmpty { section.refuse("a probe has no name", "write name: shop") }
        let ms = section.durationMs("interval") ?? 30_000
        if ms < 1000 { section.refuse(at: "interval", "interval is less than a second", "give it 1s at least") }
        let labels = section.texts("labels")
        let found = Self.kinds.compactMap { kind in section.section(kind.key).map { kind.read($0) } }
        section.finish()
        guard found.count == 1 else {
            section.refuse(
                "a probe says \(found.count) things to try",
                "write one of \(Self.kinds.map(\.key).joined(separator: ", "))")
            return nil
        }
        self.init(name: name, intervalMs: max(1000, ms), labels: labels, found[0])
    }
}

/// One thing that can be tried. A new kind is a file under `Probes` and a line above.
protocol Probe: Sendable {
    /// Tries it once, and adds what it saw.
    ///
    /// - Returns: whether all was as expected.
    func run(_ client: HTTPClient, _ samples: inout [ProbeSample]) -> Bool
}

/// What a probe saw.
struct ProbeSample: Sendable {
    let name: String
    var kind = MetricPage.Kind.gauge
    let help: String
    let value: Double
    var labels: [MetricPage.Label] = []

    init(_ name: String, _ help: String, _ value: Double, _ labels: [MetricPage.Label] = []) {
        (self.name, self.help, self.value, self.labels) = (name, help, value, labels)
    }

    /// What a server's certificates say.
    static func append(_ peer: TLSPeer, to samples: inout [ProbeSample]) {
        samples.append(
            ProbeSample("probe_ssl_verified", "1 if the certificate is to be trusted.", peer.distrust == nil ? 1 : 0))
        if let end = peer.certificates.map(\.notAfter).min() {
            samples.append(
                ProbeSample("probe_ssl_earliest_cert_expiry", "When the first certificate ends.", Double(end)))
        }
        samples.append(
            ProbeSample("probe_tls_version_info", "What was agreed on.", 1, [("version", peer.version)]))
        if let distrust = peer.distrust {
            samples.append(
                ProbeSample("probe_ssl_distrust_info", "Why it is not to be trusted.", 1, [("reason", distrust)]))
        }
    }
}

/// A probe on a thread of its own, which begins when it is first asked for.
private final class ProbeRun {
    private let probe: NamedProbe
    private let client: HTTPClient
    private let state = Monitor<(samples: [ProbeSample], isStopping: Bool)>(([], false))
    private var thread: OwnedThread?

    init(_ probe: NamedProbe, _ client: HTTPClient) {
        (self.probe, self.client) = (probe, client)
    }

    deinit {
        state.withLock { $0.isStopping = true }
        state.wakeAll()
        thread?.join()
    }

    var name: String { probe.name }
    var last: [ProbeSample] { state.withLock { $0.samples } }

    func begin() throws(CollectorError) {
        guard thread == nil else { return }
        let (probe, client, state) = (probe, client, state)
        do throws(SystemError) {
            thread = try OwnedThread(name: "probe", stackBytes: 512 << 10) {
                repeat {
                    let samples = probe.run(client)
                    state.withLock { $0.samples = samples }
                } while state.wait(atMostNs: probe.intervalMs * 1_000_000, until: { $0.isStopping ? true : nil }) == nil
            }
        } catch {
            throw .failed("a probe cannot begin: \(error)")
        }
    }
}

extension NamedProbe {
    /// Tries once.
    func run(_ client: HTTPClient, time: any TimeSource = SystemTime()) -> [ProbeSample] {
        var samples: [ProbeSample] = []
        let startNs = time.monotonicNs
        let isGood = probe.run(client, &samples)
        samples.append(ProbeSample("probe_success", "1 if all was as expected.", isGood ? 1 : 0))
        samples.append(
            ProbeSample("probe_duration_seconds", "Seconds of the last try.", Double(time.monotonicNs - startNs) / 1e9))
        return samples.map { sample in
            var sample = sample
            sample.labels += labels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
            return sample
        }
    }
}
