import Encoding
package import HTTP
import LogQL
import Model
package import Posix
package import Storage

/// How much the streams hold: `index/stats`, `index/volume` and `index/volume_range`.
package struct LokiIndexAPI: Sendable {
    private let store: any LogStore
    private let pool: HandlerPool
    private let time: any TimeSource

    package init(store: any LogStore, pool: HandlerPool, time: any TimeSource) {
        (self.store, self.pool, self.time) = (store, pool, time)
    }

    package func add(to router: inout Router) {
        for method in [Method.get, .post] {
            router.add(method, "/loki/api/v1/index/stats", role: .read) { request, response in
                answer(request, &response) { (parameters, pending) throws(LokiFailure) in
                    try statistics(parameters, pending)
                }
            }
            router.add(method, "/loki/api/v1/index/volume", role: .read) { request, response in
                answer(request, &response) { (parameters, pending) throws(LokiFailure) in
                    try volume(parameters, pending)
                }
            }
            router.add(method, "/loki/api/v1/index/volume_range", role: .read) { request, response in
                answer(request, &response) { (parameters, pending) throws(LokiFailure) in
                    try volumeRange(parameters, pending)
                }
            }
        }
    }

    private func answer(
        _ request: borrowing Request, _ response: inout Response,
        _ answer: @escaping @Sendable (LokiParameters, PendingResponse) throws(LokiFailure) -> Void
    ) {
        let parameters = LokiParameters(request, nowNs: time.wallNs)
        pool.answer(&response) { pending in
            do throws(LokiFailure) {
                try answer(parameters, pending)
            } catch {
                error.answer(pending)
            }
        }
    }

    private func volumes(
        _ matchers: [Matcher], _ startNs: Int64, _ endNs: Int64
    ) throws(LokiFailure) -> [LogVolume] {
        do throws(StorageError) {
            return try store.volumes(LogSelectRequest(matchers: matchers, startNs: startNs, endNs: endNs))
        } catch {
            throw LokiFailure(error)
        }
    }

    private func statistics(_ parameters: LokiParameters, _ pending: PendingResponse) throws(LokiFailure) {
        let range = try parameters.checkedRange()
        let volumes = try volumes(
            try LokiParameters.matchers(parameters["query"]), range.startNs, range.endNs)
        LokiAnswer.plain(pending) { writer in
            writer.beginObject()
            writer.member("streams", volumes.count)
            writer.member("chunks", volumes.reduce(0) { $0 + $1.blocks })
            writer.member("bytes", volumes.reduce(0) { $0 + $1.bytes })
            writer.member("entries", volumes.reduce(0) { $0 + $1.entries })
            writer.endObject()
        }
    }

    /// By which labels volumes are added up.
    private struct Aggregation {
        let matchers: [Matcher]
        let targets: [String]
        let isByLabels: Bool
        let limit: Int

        init(_ parameters: LokiParameters) throws(LokiFailure) {
            matchers = try LokiParameters.matchers(parameters["query"])
            let named = (parameters["targetLabels"] ?? "").split(separator: ",").map(String.init)
            targets = named.isEmpty ? matchers.map(\.name) : named
            switch parameters["aggregateBy"] {
            case nil, "series": isByLabels = false
            case "labels": isByLabels = true
            case let other?:
                throw LokiFailure(.badRequest, "invalid aggregation option: \(other)")
            }
            limit = try parameters.limit()
        }

        /// The sets that a stream's volume counts for.
        private func keys(_ stream: Labels) -> [Labels] {
            let pairs = stream.pairs.filter { targets.isEmpty || targets.contains($0.name) }
            if !isByLabels { return [Labels(pairs)] }
            return pairs.map { Labels([($0.name, $0.value)]) }
        }

        /// The largest first.
        func totals(_ volumes: [LogVolume]) -> [(labels: Labels, bytes: Int)] {
            var totals: [Labels: Int] = [:]
            for volume in volumes {
                for key in keys(volume.stream) { totals[key, default: 0] += volume.bytes }
            }
            let sorted = totals.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            return sorted.prefix(limit).map { (labels: $0.key, bytes: $0.value) }
        }
    }

    private func volume(_ parameters: LokiParameters, _ pending: PendingResponse) throws(LokiFailure) {
        let range = try parameters.checkedRange()
        let aggregation = try Aggregation(parameters)
        let totals = aggregation.totals(try volumes(aggregation.matchers, range.startNs, range.endNs))
        LokiAnswer.success(pending) { writer in
            writer.beginObject()
            writer.member("resultType", "vector")
            writer.name("result")
            writer.beginArray()
            for total in totals {
                writer.beginObject()
                writer.name("metric")
                LokiResultJSON.labels(total.labels, &writer)
                writer.name("value")
                LokiResultJSON.pair(range.endNs, Double(total.bytes), &writer)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
    }

    private func volumeRange(_ parameters: LokiParameters, _ pending: PendingResponse) throws(LokiFailure) {
        let range = try parameters.checkedRange()
        let aggregation = try Aggregation(parameters)
        let step = try parameters.stepNs(range)
        var points: [Labels: [(ns: Int64, bytes: Int)]] = [:]
        var start = range.startNs
        while start < range.endNs {
            let end = min(start + step, range.endNs)
            for total in aggregation.totals(try volumes(aggregation.matchers, start, end - 1)) {
                points[total.labels, default: []].append((end, total.bytes))
            }
            start = end
        }
        LokiAnswer.success(pending) { writer in
            writer.beginObject()
            writer.member("resultType", "matrix")
            writer.name("result")
            writer.beginArray()
            for (labels, values) in points.sorted(by: { $0.key < $1.key }) {
                writer.beginObject()
                writer.name("metric")
                LokiResultJSON.labels(labels, &writer)
                writer.name("values")
                writer.beginArray()
                for value in values { LokiResultJSON.pair(value.ns, Double(value.bytes), &writer) }
                writer.endArray()
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
    }
}
