import Encoding
package import HTTP
package import Storage

/// What a collector says of its data beside what the store knows.
package struct DataFacts: Sendable {
    package var directory: String
    package var freeBytes: Int
    package var totalBytes: Int
    /// Since the process was started.
    package var samplesTaken: Int
    package var samplesRefused: Int
    package var residentBytes: Int
    /// Bounds in force, by the names that refusals give them.
    package var limits: [(name: String, value: Int)]

    package init(
        directory: String, freeBytes: Int, totalBytes: Int, samplesTaken: Int, samplesRefused: Int, residentBytes: Int,
        limits: [(name: String, value: Int)]
    ) {
        (self.directory, self.freeBytes, self.totalBytes) = (directory, freeBytes, totalBytes)
        (self.samplesTaken, self.samplesRefused) = (samplesTaken, samplesRefused)
        (self.residentBytes, self.limits) = (residentBytes, limits)
    }
}

/// `/api/v1/status/tsdb` and `/api/v1/status/walreplay` in Prometheus' shape, and `/obs/v1/status`.
package struct StoreStatusAPI: Sendable {
    /// As in Prometheus.
    private static let limitDefault = 10
    private static let limitMax = 10_000

    private let store: any MetricStore
    private let pool: HandlerPool
    private let facts: @Sendable () throws -> DataFacts

    package init(store: any MetricStore, pool: HandlerPool, facts: @escaping @Sendable () throws -> DataFacts) {
        self.store = store
        self.pool = pool
        self.facts = facts
    }

    package func add(to router: inout Router) {
        router.get("/api/v1/status/tsdb", role: .read) { request, response in
            let parameters = APIParameters(request)
            answer(&response) { (pending) throws(APIError) in
                let statistics = try statistics(limit: Self.limit(parameters))
                APIAnswer.success(pending) { Self.write(statistics, &$0) }
            }
        }
        // The log is replayed before the first connection is taken.
        router.get("/api/v1/status/walreplay", role: .read) { _, response in
            APIAnswer.success(&response) { json in
                json.beginObject()
                for name in ["min", "max", "current"] { json.member(name, 0) }
                json.member("state", "done")
                json.endObject()
            }
        }
        router.get("/obs/v1/status", role: .read) { _, response in
            answer(&response) { (pending) throws(APIError) in
                let statistics = try statistics(limit: 0)
                let facts: DataFacts
                do {
                    facts = try self.facts()
                } catch {
                    throw APIError(.internalFailure, "\(error)")
                }
                APIAnswer.success(pending) { Self.write(facts, statistics, &$0) }
            }
        }
    }

    private func answer(
        _ response: inout Response, _ work: @escaping @Sendable (PendingResponse) throws(APIError) -> Void
    ) {
        pool.answer(&response) { pending in
            do throws(APIError) {
                try work(pending)
            } catch {
                APIAnswer.failure(pending, error)
            }
        }
    }

    private func statistics(limit: Int) throws(APIError) -> StoreStatistics {
        do throws(StorageError) {
            return try store.statistics(limit: limit)
        } catch {
            throw APIError(error)
        }
    }

    private static func limit(_ parameters: APIParameters) throws(APIError) -> Int {
        guard let text = parameters["limit"] else { return limitDefault }
        guard let limit = Int(text), limit > 0 else {
            throw APIError(.badData, "limit must be a positive number")
        }
        guard limit <= limitMax else { throw APIError(.badData, "limit must not exceed \(limitMax)") }
        return limit
    }

    private static func write(_ statistics: StoreStatistics, _ json: inout JSONWriter) {
        json.beginObject()
        json.name("headStats")
        json.beginObject()
        json.member("numSeries", statistics.series)
        json.member("numLabelPairs", statistics.labelPairs)
        json.member("chunkCount", statistics.parts)
        json.member("minTime", Int(statistics.timesMs?.lowerBound ?? 0))
        json.member("maxTime", Int(statistics.timesMs?.upperBound ?? 0))
        json.endObject()
        list("seriesCountByMetricName", statistics.seriesByMetricName, &json)
        list("labelValueCountByLabelName", statistics.valuesByLabelName, &json)
        list("memoryInBytesByLabelName", statistics.bytesByLabelName, &json)
        list("seriesCountByLabelValuePair", statistics.seriesByLabelPair, &json)
        list("storedBytesByMetricName", statistics.storedBytesByMetricName, &json)
        json.name("churn")
        json.beginObject()
        json.member("sinceMs", Int(statistics.churn.sinceMs))
        json.member("created", statistics.churn.created)
        list("createdByMetricName", statistics.churn.createdByMetricName, &json)
        json.endObject()
        json.endObject()
    }

    private static func list(_ name: String, _ counts: [StoreStatistics.Count], _ json: inout JSONWriter) {
        json.name(name)
        json.beginArray()
        for count in counts {
            json.beginObject()
            json.member("name", count.name)
            json.member("value", count.count)
            json.endObject()
        }
        json.endArray()
    }

    private static func write(_ facts: DataFacts, _ statistics: StoreStatistics, _ json: inout JSONWriter) {
        let numbers: [(String, Int)] = [
            ("freeBytes", facts.freeBytes), ("totalBytes", facts.totalBytes), ("samplesTaken", facts.samplesTaken),
            ("samplesRefused", facts.samplesRefused), ("residentBytes", facts.residentBytes),
            ("series", statistics.series), ("activeSeries", statistics.activeSeries),
            ("labelNames", statistics.labelNames), ("samplesInHead", statistics.samplesInHead),
            ("samplesAtRest", statistics.samplesAtRest), ("parts", statistics.parts),
            ("storedBytes", statistics.storedBytes), ("indexBytes", statistics.indexBytes),
            ("logBytes", statistics.logBytes), ("seriesCreatedSinceMs", Int(statistics.churn.sinceMs)),
            ("seriesCreated", statistics.churn.created),
        ]
        json.beginObject()
        json.member("dataDirectory", facts.directory)
        for (name, value) in numbers { json.member(name, value) }
        if let times = statistics.timesMs {
            json.member("minTimeMs", Int(times.lowerBound))
            json.member("maxTimeMs", Int(times.upperBound))
        }
        json.name("limits")
        json.beginObject()
        for limit in facts.limits { json.member(limit.name, limit.value) }
        json.endObject()
        json.endObject()
    }
}
