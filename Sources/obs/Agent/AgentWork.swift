import Agent
import HTTP
import Ingest
import Posix
import Telemetry

/// What an agent does for one configuration: it measures, reads and sends. A reload ends one and begins another.
final class AgentWork: Sendable {
    /// What a page of a host has, about.
    private static let pageBytes = 96 << 10

    let configuration: AgentConfiguration
    private let registry: Registry
    private let host: HostMetrics
    private let services: HostMetrics
    /// Nil where nothing is sent anywhere.
    private let shipping: Shipping?

    /// - Parameter client: asks services over HTTP.
    init(
        _ configuration: AgentConfiguration, client: HTTPClient, registry: Registry, log: Logger, time: SystemTime
    ) throws {
        (self.configuration, self.registry) = (configuration, registry)
        let host = try HostMetrics(configuration.host) { collector, reason in
            log.warning("a collector failed", ["collector": .text(collector), "reason": .text(reason)])
        }
        let lines = configuration.shipping.lineMetrics
        let services = configuration.integrations.metrics(
            IntegrationContext(host: HostFiles(configuration.host), client: client),
            patienceNs: configuration.host.timeoutMs * 1_000_000
        ) { integration, reason in
            log.warning("an integration failed", ["integration": .text(integration), "reason": .text(reason)])
        }
        (self.host, self.services) = (host, services)
        shipping =
            configuration.shipping.destinations.isEmpty
            ? nil
            : try Shipping(configuration.shipping, registry: registry, log: log, time: time) { page in
                host.append(to: &page)
                services.append(to: &page)
                lines.append(to: &page)
                page += registry.exposition(.text)
            }
    }

    /// What can be asked for by name.
    var names: [String] { host.names + services.names }

    /// The page of what `isWanted` takes.
    ///
    /// - Parameter hasOwn: with what the agent counts of itself.
    func page(hasOwn: Bool, isWanted: (String) -> Bool) -> [UInt8] {
        var page: [UInt8] = []
        page.reserveCapacity(Self.pageBytes)
        for source in [host, services] { source.append(to: &page, isWanted: isWanted) }
        if hasOwn {
            configuration.shipping.lineMetrics.append(to: &page)
            page += registry.exposition(.text)
        }
        return page
    }

    /// - Parameter endsSeries: whether what was sent becomes stale: not where other work goes on with it.
    func stop(endsSeries: Bool) throws { try shipping?.stop(endsSeries: endsSeries) }
}
