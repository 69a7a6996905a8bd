import Encoding
package import HTTP
import LogQL
import Model
package import Posix
package import Storage

/// What there is: labels, their values, streams.
package struct LokiLabelsAPI: Sendable {
    private let store: any LogStore
    private let pool: HandlerPool
    private let time: any TimeSource

    package init(store: any LogStore, pool: HandlerPool, time: any TimeSource) {
        (self.store, self.pool, self.time) = (store, pool, time)
    }

    package func add(to router: inout Router) {
        for method in [Method.get, .post] {
            for path in ["/loki/api/v1/labels", "/loki/api/v1/label", "/api/prom/label"] {
                router.add(method, path, role: .read) { request, response in
                    answer(request, &response) { (parameters) throws(LokiFailure) in try names(parameters) }
                }
            }
            for path in ["/loki/api/v1/label/:name/values", "/api/prom/label/:name/values"] {
                router.add(method, path, role: .read) { request, response in
                    let name = request.parameter("name")
                    answer(request, &response) { (parameters) throws(LokiFailure) in try values(name, parameters) }
                }
            }
            for path in ["/loki/api/v1/series", "/api/prom/series"] {
                router.add(method, path, role: .read) { request, response in
                    answer(request, &response) { (parameters) throws(LokiFailure) in try series(parameters) }
                }
            }
        }
    }

    private func answer(
        _ request: borrowing Request, _ response: inout Response,
        _ find: @escaping @Sendable (LokiParameters) throws(LokiFailure) -> [UInt8]
    ) {
        let parameters = LokiParameters(request, nowNs: time.wallNs)
        pool.answer(&response) { pending in
            do throws(LokiFailure) {
                let data = try find(parameters)
                LokiAnswer.success(pending) { $0.raw(data.span) }
            } catch {
                error.answer(pending)
            }
        }
    }

    private static func request(
        _ parameters: LokiParameters, _ selectors: [[Matcher]]
    ) throws(LokiFailure) -> LabelRequest {
        let range = try parameters.range()
        return LabelRequest(
            selectors: selectors, startMs: range.startNs / 1_000_000, endMs: range.endNs / 1_000_000)
    }

    private func names(_ parameters: LokiParameters) throws(LokiFailure) -> [UInt8] {
        let request = try Self.request(parameters, [try LokiParameters.matchers(parameters["query"])])
        return Self.list(try stored { () throws(StorageError) in try store.labelNames(request) })
    }

    private func values(_ name: String, _ parameters: LokiParameters) throws(LokiFailure) -> [UInt8] {
        let request = try Self.request(parameters, [try LokiParameters.matchers(parameters["query"])])
        return Self.list(try stored { () throws(StorageError) in try store.labelValues(name, request) })
    }

    private func series(_ parameters: LokiParameters) throws(LokiFailure) -> [UInt8] {
        var selectors: [[Matcher]] = []
        for text in parameters.all("match[]") + parameters.all("match") {
            selectors.append(try LokiParameters.matchers(text))
        }
        let request = try Self.request(parameters, selectors)
        let streams = try stored { () throws(StorageError) in try store.streams(request) }
        var writer = JSONWriter()
        writer.beginArray()
        for stream in streams { LokiResultJSON.labels(stream, &writer) }
        writer.endArray()
        return writer.bytes
    }

    private func stored<Value>(_ read: () throws(StorageError) -> Value) throws(LokiFailure) -> Value {
        do throws(StorageError) {
            return try read()
        } catch {
            throw LokiFailure(error)
        }
    }

    private static func list(_ texts: [String]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        for text in texts { writer.string(text) }
        writer.endArray()
        return writer.bytes
    }
}
