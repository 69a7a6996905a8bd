package import Encoding
package import HTTP
package import Posix
package import Storage
package import Telemetry

/// One way in: its paths on the collector and what it does with what arrives there.
package protocol IngestProtocol: Sendable {
    init(_ context: IngestContext)
    func add(to router: inout Router)
}

/// What every way in is given.
package struct IngestContext: Sendable {
    package let store: any MetricStore
    package let registry: Registry
    package var limits = IngestLimits()
    /// Of the keys by which the store knows series; random, and the same for all that feed one store.
    package let keySeed: Hash128
    package let time: any TimeSource
    /// The section `otlp` that is in force.
    package let otlp: @Sendable () -> OTLPOptions

    package init(
        store: any MetricStore, registry: Registry, keySeed: Hash128, time: any TimeSource = SystemTime(),
        otlp: @escaping @Sendable () -> OTLPOptions = { OTLPOptions() }
    ) {
        self.store = store
        self.registry = registry
        self.keySeed = keySeed
        self.time = time
        self.otlp = otlp
    }
}

/// Bounds on what one request may bring.
package struct IngestLimits: Sendable {
    /// As sent.
    package var bodyBytesMax = 32 << 20
    /// After decompression.
    package var expandedBytesMax = 128 << 20
    /// Samples and histograms; `storage.request_sample_limit`.
    package var samplesMax = 1_000_000

    package init() {}
}

/// Every way by which metrics come in over HTTP.
package enum IngestProtocols {
    package static let all: [any IngestProtocol.Type] = [
        Influx.self,
        OTLPMetricsIn.self,
        Pushgateway.self,
        RemoteWrite.self,
        TextImport.self,
    ]

    package static func add(_ context: IngestContext, to router: inout Router) {
        for kind in all { kind.init(context).add(to: &router) }
    }
}
