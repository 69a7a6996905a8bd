import Encoding
package import HTTP
package import LogQL
package import Posix
import PromQL

/// `/loki/api/v1/query` and `/loki/api/v1/query_range`.
package struct LokiQueryAPI: Sendable {
    private let service: QueryService
    private let engine: LogEngine
    private let time: any TimeSource

    /// As Grafana asks for labels by where they came from.
    private static let flagsField = "x-loki-response-encoding-flags"
    private static let categorized = "categorize-labels"

    package init(_ service: QueryService, _ engine: LogEngine, time: any TimeSource) {
        (self.service, self.engine, self.time) = (service, engine, time)
    }

    package func add(to router: inout Router) {
        for method in [Method.get, .post] {
            for path in ["/loki/api/v1/query", "/api/prom/query"] {
                router.add(method, path, role: .read) { request, response in
                    answer(request, &response) { (parameters) throws(LokiFailure) in try instant(parameters) }
                }
            }
            router.add(method, "/loki/api/v1/query_range", role: .read) { request, response in
                answer(request, &response) { (parameters) throws(LokiFailure) in try range(parameters) }
            }
        }
    }

    /// What a request asks for.
    private struct Asked: Sendable {
        var text: String
        var query: LogQuery
        var startNs: Int64
        var endNs: Int64
        /// Zero for an instant query.
        var stepNs: Int64
        var intervalNs: Int64 = 0
        var limit = 100
        var isForward = false
    }

    private func answer(
        _ request: borrowing Request, _ response: inout Response,
        _ read: (LokiParameters) throws(LokiFailure) -> Asked
    ) {
        let isCategorized = request.headerText(Self.flagsField)?.contains(Self.categorized) ?? false
        let asked: Asked
        do throws(LokiFailure) {
            asked = try read(LokiParameters(request, nowNs: time.wallNs))
        } catch {
            response.status = error.status
            return response.send(error.message + "\n")
        }
        let question = RunningQueries.Question(
            query: asked.text, principal: request.principal?.name ?? "", startMs: asked.startNs / 1_000_000,
            endMs: asked.endNs / 1_000_000, stepMs: asked.stepNs / 1_000_000)
        service.answer(
            &response,
            .init(
                question: question,
                isLong: { [engine] in
                    !engine.isLight(
                        asked.query, startNs: asked.startNs, endNs: asked.endNs, limit: asked.limit)
                },
                run: { [self] (pending, progress) throws(QueryError) in
                    try run(asked, isCategorized, pending, progress)
                }, refuse: { LokiFailure($1).answer($0) }))
    }

    private func instant(_ parameters: LokiParameters) throws(LokiFailure) -> Asked {
        let (text, query) = try parameters.query()
        if case .lines = query {
            throw LokiFailure(
                .badRequest,
                "log queries are not supported as an instant query type, please change your query to a range query type"
            )
        }
        let at = try parameters.timeNs("time") ?? time.wallNs
        _ = try parameters.limit(max: engine.options.entriesMax)
        return Asked(text: text, query: query, startNs: at, endNs: at, stepNs: 0)
    }

    private func range(_ parameters: LokiParameters) throws(LokiFailure) -> Asked {
        let range = try parameters.checkedRange()
        let step = try parameters.stepNs(range)
        let interval = try parameters.durationNs("interval") ?? 0
        if interval < 0 { throw LokiFailure(.badRequest, "interval must be >= 0") }
        let (text, query) = try parameters.query()
        return Asked(
            text: text, query: query, startNs: range.startNs, endNs: range.endNs, stepNs: step, intervalNs: interval,
            limit: try parameters.limit(max: engine.options.entriesMax), isForward: try parameters.isForward())
    }

    private func run(
        _ asked: Asked, _ isCategorized: Bool, _ pending: PendingResponse, _ progress: QueryProgress
    ) throws(QueryError) {
        switch asked.query {
        case .lines(let selector):
            let found = try engine.lines(
                .init(
                    selector, startNs: asked.startNs, endNs: asked.endNs, limit: asked.limit,
                    isForward: asked.isForward), progress)
            let lines = Self.thinned(found.lines, asked.intervalNs)
            LokiAnswer.success(pending) { writer in
                writer.beginObject()
                writer.member("resultType", "streams")
                if isCategorized {
                    writer.name("encodingFlags")
                    writer.beginArray()
                    writer.string(Self.categorized)
                    writer.endArray()
                }
                writer.name("result")
                LokiResultJSON.streams(lines, isCategorized: isCategorized, &writer)
                Self.finish(found.statistics, &writer)
            }
        case .metric(let expression):
            let found = try engine.metric(
                expression, startNs: asked.startNs, endNs: asked.endNs, stepNs: asked.stepNs, progress)
            LokiAnswer.success(pending) { writer in
                writer.beginObject()
                Self.write(found.value, asked, &writer)
                Self.finish(found.statistics, &writer)
            }
        }
    }

    private static func finish(_ statistics: LogStatistics, _ writer: inout JSONWriter) {
        writer.name("stats")
        LokiAnswer.statistics(statistics, &writer)
        writer.endObject()
    }

    private static func write(_ value: MetricValue, _ asked: Asked, _ writer: inout JSONWriter) {
        switch value {
        case .scalar(let number) where asked.stepNs == 0:
            writer.member("resultType", "scalar")
            writer.name("result")
            LokiResultJSON.pair(asked.endNs, number, &writer)
        case .scalar(let number):
            let steps = Int((asked.endNs - asked.startNs) / asked.stepNs) + 1
            writer.member("resultType", "matrix")
            writer.name("result")
            LokiResultJSON.matrix(
                MetricRows(constant: number, steps: steps), startNs: asked.startNs, stepNs: asked.stepNs, &writer)
        case .rows(let rows) where asked.stepNs == 0:
            writer.member("resultType", "vector")
            writer.name("result")
            LokiResultJSON.vector(rows, atNs: asked.endNs, &writer)
        case .rows(let rows):
            writer.member("resultType", "matrix")
            writer.name("result")
            LokiResultJSON.matrix(rows, startNs: asked.startNs, stepNs: asked.stepNs, &writer)
        }
    }

    /// Only entries that are at least the interval apart.
    private static func thinned(_ lines: [ResultLine], _ intervalNs: Int64) -> [ResultLine] {
        guard intervalNs > 0 else { return lines }
        var kept: [ResultLine] = []
        for line in lines {
            if let last = kept.last, abs(line.timestampNs - last.timestampNs) < intervalNs { continue }
            kept.append(line)
        }
        return kept
    }
}
