import Encoding
import HTTP
import Telemetry

/// What every service answers to those who run it.
struct Operations {
    private let context: ServiceContext
    private let readiness: Readiness

    init(_ context: ServiceContext, _ readiness: Readiness) {
        self.context = context
        self.readiness = readiness
    }

    func add(to routes: inout Routes) {
        let registry = context.registry
        routes.plain(.get, "/metrics") { request, response in
            let format = ExpositionFormat(accept: request.headerText("accept"))
            response.send(registry.exposition(format), contentType: format.contentType)
        }
        routes.plain(.get, "/healthz") { [name = context.name] _, response in
            response.send(Self.state(name, "healthy"), contentType: ContentType.json)
        }
        routes.plain(.get, "/readyz") { [readiness, name = context.name] _, response in
            if !readiness.current { response.status = .serviceUnavailable }
            response.send(Self.state(name, readiness.current ? "ready" : "stopping"), contentType: ContentType.json)
        }
    }

    private static func state(_ name: ServiceName, _ state: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("service", name.rawValue)
        writer.member("status", state)
        writer.endObject()
        return writer.bytes
    }
}
