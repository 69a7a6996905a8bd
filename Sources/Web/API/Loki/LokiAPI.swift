package import HTTP
package import LogQL
package import Posix

/// The reading side of Loki's API.
package struct LokiAPI: Sendable {
    private let service: QueryService
    private let engine: LogEngine
    private let hub: TailHub
    private let status: LokiStatusAPI
    private let time: any TimeSource

    package init(
        _ service: QueryService, _ engine: LogEngine, hub: TailHub, version: String, revision: String,
        time: any TimeSource
    ) {
        (self.service, self.engine, self.hub, self.time) = (service, engine, hub, time)
        status = LokiStatusAPI(version: version, revision: revision, entriesMax: engine.options.entriesMax)
    }

    package func add(to router: inout Router) {
        LokiQueryAPI(service, engine, time: time).add(to: &router)
        LokiLabelsAPI(store: engine.store, pool: service.pool, time: time).add(to: &router)
        LokiIndexAPI(store: engine.store, pool: service.pool, time: time).add(to: &router)
        LokiFieldsAPI(service, engine, time: time).add(to: &router)
        LokiTailAPI(engine, hub: hub, pool: service.pool, time: time).add(to: &router)
        status.add(to: &router)
    }
}
