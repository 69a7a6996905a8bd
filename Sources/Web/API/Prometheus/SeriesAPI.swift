import Encoding
package import HTTP
import Model
import Posix
package import Storage

/// `/api/v1/series`, `/api/v1/labels`, `/api/v1/label/<name>/values` and `/api/v1/metadata`: what there is to ask for.
package struct SeriesAPI: Sendable {
    private let store: any MetricStore
    private let pool: HandlerPool

    package init(store: any MetricStore, pool: HandlerPool) {
        self.store = store
        self.pool = pool
    }

    package func add(to router: inout Router) {
        for method in [Method.get, .post] {
            router.add(method, "/api/v1/series", role: .read) { request, response in
                answer(request, &response) { (parameters, limit, pending) throws(APIError) in
                    let request = try Self.labelRequest(parameters, limit: limit, pending)
                    if request.selectors.isEmpty { throw APIError(.badData, "no match[] parameter provided") }
                    let series = try Self.asking { () throws(StorageError) in try store.series(request) }
                    Self.send(series, limit, pending) { LabelsJSON.write($0, to: &$1) }
                }
            }
            router.add(method, "/api/v1/labels", role: .read) { request, response in
                answer(request, &response) { (parameters, limit, pending) throws(APIError) in
                    let request = try Self.labelRequest(parameters, limit: limit, pending)
                    let names = try Self.asking { () throws(StorageError) in try store.labelNames(request) }
                    Self.send(names, limit, pending) { $1.string($0) }
                }
            }
        }
        router.get("/api/v1/label/:name/values", role: .read) { request, response in
            let name = Self.labelName(request.parameter("name"))
            answer(request, &response) { (parameters, limit, pending) throws(APIError) in
                guard !name.isEmpty else { throw APIError(.badData, "invalid label name: \"\"") }
                let request = try Self.labelRequest(parameters, limit: limit, pending)
                let values = try Self.asking { () throws(StorageError) in try store.labelValues(name, request) }
                Self.send(values, limit, pending) { $1.string($0) }
            }
        }
        router.get("/api/v1/metadata", role: .read) { request, response in
            let parameters = APIParameters(request)
            pool.answer(&response) { pending in
                do throws(APIError) {
                    let limit = try Self.count("limit", parameters)
                    let limitPerMetric = try Self.count("limit_per_metric", parameters)
                    let families = try Self.asking { () throws(StorageError) in
                        try store.metadata(family: parameters["metric"], limit: .max)
                    }
                    Self.send(families, limit, limitPerMetric, pending)
                } catch {
                    APIAnswer.failure(pending, error)
                }
            }
        }
    }

    private typealias Work = @Sendable (APIParameters, _ limit: Int?, PendingResponse) throws(APIError) -> Void

    private func answer(_ request: borrowing Request, _ response: inout Response, _ work: @escaping Work) {
        let parameters = APIParameters(request)
        pool.answer(&response) { pending in
            do throws(APIError) {
                try work(parameters, parameters.limit(), pending)
            } catch {
                APIAnswer.failure(pending, error)
            }
        }
    }

    private static func asking<Value>(_ body: () throws(StorageError) -> Value) throws(APIError) -> Value {
        do throws(StorageError) {
            return try body()
        } catch {
            throw APIError(error)
        }
    }

    /// One more than the limit is asked for, so that it is known whether something was left out.
    private static func labelRequest(
        _ parameters: APIParameters, limit: Int?, _ pending: PendingResponse
    ) throws(APIError) -> LabelRequest {
        var selectors: [[Matcher]] = []
        for text in parameters.all("match[]") { selectors.append(try APISelector.parse(text)) }
        let startMs = try parameters.timeMs("start") ?? .min
        let endMs = try parameters.timeMs("end") ?? .max
        if endMs < startMs { throw APIError(parameter: "end", "end timestamp must not be before start time") }
        let request = LabelRequest(
            selectors: selectors, startMs: startMs, endMs: endMs, limit: limit.map { $0 < .max ? $0 + 1 : $0 } ?? .max)
        pending.onClientGone { request.cancellation.raise() }
        return request
    }

    private static func send<Value>(
        _ values: [Value], _ limit: Int?, _ pending: PendingResponse, _ write: (Value, inout JSONWriter) -> Void
    ) {
        let shown = values.prefix(limit ?? values.count)
        let warnings = shown.count < values.count ? ["results truncated due to limit"] : []
        APIAnswer.stream(pending, warnings: warnings, infos: []) { json, passOn in
            json.beginArray()
            for value in shown {
                write(value, &json)
                guard passOn(&json) else { return }
            }
            json.endArray()
        }
    }

    /// A number of which a negative one means no limit; zero of `limit` means nothing at all.
    private static func count(_ name: String, _ parameters: APIParameters) throws(APIError) -> Int? {
        guard let text = parameters[name] else { return nil }
        guard let count = Int(text) else { throw APIError(.badData, "\(name) must be a number") }
        return count < 0 ? nil : count
    }

    private static func send(
        _ all: [MetricMetadata], _ limit: Int?, _ limitPerMetric: Int?, _ pending: PendingResponse
    ) {
        var families: [String: [MetricMetadata]] = [:]
        for one in all {
            let isFull = limitPerMetric.map { $0 > 0 && families[one.family, default: []].count >= $0 } ?? false
            if !isFull { families[one.family, default: []].append(one) }
        }
        APIAnswer.success(pending) { json in
            json.beginObject()
            for (family, entries) in families.sorted(by: { $0.key < $1.key }).prefix(limit ?? families.count) {
                json.name(family)
                json.beginArray()
                for entry in entries {
                    json.beginObject()
                    json.member("type", entry.kind.rawValue)
                    json.member("help", entry.help)
                    json.member("unit", entry.unit)
                    json.endObject()
                }
                json.endArray()
            }
            json.endObject()
        }
    }

    /// Names that a path cannot hold come as `U__` with `_<hex>_` for characters and `__` for an underscore.
    static func labelName(_ text: String) -> String {
        guard text.hasPrefix("U__") else { return text }
        var name = ""
        var rest = text.dropFirst(3)
        while let character = rest.first {
            rest.removeFirst()
            guard character == "_" else {
                name.append(character)
                continue
            }
            if rest.first == "_" {
                name.append("_")
                rest.removeFirst()
                continue
            }
            let code = rest.prefix { $0 != "_" }
            guard code.count <= 6, code.allSatisfy(\.isHexDigit), code.endIndex < rest.endIndex,
                let scalar = UInt32(code, radix: 16).flatMap(Unicode.Scalar.init)
            else { return text }
            name.unicodeScalars.append(scalar)
            rest = rest[code.endIndex...].dropFirst()
        }
        return name
    }
}
