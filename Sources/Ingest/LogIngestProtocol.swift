package import HTTP
package import Posix
package import Storage
package import Telemetry

/// One way in for logs: its paths on the collector and what it does with what arrives there.
package protocol LogIngestProtocol: Sendable {
    init(_ context: LogIngestContext)
    func add(to router: inout Router)
}

/// What every way in for logs is given.
package struct LogIngestContext: Sendable {
    package let store: any LogStore
    package let registry: Registry
    package let time: any TimeSource
    package var limits = LogIngestLimits()
    /// What happens to entries before they are kept, as the configuration in force says.
    package var pipelines: @Sendable () -> [LogPipeline] = { [] }

    package init(store: any LogStore, registry: Registry, time: any TimeSource) {
        self.store = store
        self.registry = registry
        self.time = time
    }
}

/// Bounds on what one request may bring.
package struct LogIngestLimits: Sendable {
    /// As sent.
    package var bodyBytesMax = 32 << 20
    /// After decompression.
    package var expandedBytesMax = 128 << 20
    package var entriesMax = 1_000_000

    package init() {}
}

/// Every way by which logs come in over HTTP.
package enum LogIngestProtocols {
    package static let all: [any LogIngestProtocol.Type] = [
        ElasticsearchBulk.self,
        Firehose.self,
        FluentBit.self,
        LogLines.self,
        LokiPush.self,
        OTLPLogs.self,
        OTLPTraces.self,
    ]

    package static func add(_ context: LogIngestContext, to router: inout Router) {
        for kind in all { kind.init(context).add(to: &router) }
    }
}
