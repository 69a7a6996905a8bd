package import HTTP
import Model
package import Posix
package import PromQL

/// `/api/v1/query` and `/api/v1/query_range`.
package struct QueryAPI: Sendable {
    private let engine: Engine
    private let pool: HandlerPool
    private let time: any TimeSource

    /// As in Prometheus: a graph with more points than this is wider than any screen.
    private static let pointsMax: Int64 = 11_000

    package init(engine: Engine, pool: HandlerPool, time: any TimeSource) {
        self.engine = engine
        self.pool = pool
        self.time = time
    }

    package func add(to router: inout Router) {
        for method in [Method.get, .post] {
            router.add(method, "/api/v1/query", role: .read) { request, response in
                run(request, &response, instant)
            }
            router.add(method, "/api/v1/query_range", role: .read) { request, response in
                run(request, &response, range)
            }
        }
    }

    private typealias Ask = @Sendable (APIParameters, Expression, Cancellation) throws(APIError) -> QueryResult

    private func run(_ request: borrowing Request, _ response: inout Response, _ ask: @escaping Ask) {
        let parameters = APIParameters(request)
        pool.answer(&response) { pending in
            let cancellation = Cancellation()
            pending.onClientGone { cancellation.raise() }
            do throws(APIError) {
                let text = parameters["query"] ?? ""
                let expression = try Self.parse(text, engine.options.features)
                let limit = try parameters.limit()
                let result = try ask(parameters, expression, cancellation)
                Self.send(result, text, limit, pending)
            } catch {
                APIAnswer.failure(pending, error)
            }
        }
    }

    private static func send(_ result: QueryResult, _ query: String, _ limit: Int?, _ pending: PendingResponse) {
        let json = QueryResultJSON(result, limit: limit)
        let warnings = result.warnings(in: query) + (json.isTruncated ? ["results truncated due to limit"] : [])
        APIAnswer.stream(pending, warnings: warnings, infos: result.infos(in: query)) {
            json.write(to: &$0, passingOn: $1)
        }
    }

    private static func parse(_ query: String, _ features: LanguageFeatures) throws(APIError) -> Expression {
        do throws(ParseError) {
            return try Parser.parse(query, features: features)
        } catch {
            throw APIError(parameter: "query", "\(error)")
        }
    }

    private var instant: Ask {
        { (parameters, expression, cancellation) throws(APIError) in
            let atMs = try parameters.timeMs("time") ?? time.wallMs
            let lookbackMs = try parameters.durationMs("lookback_delta")
            do throws(QueryError) {
                return try engine.instant(
                    expression, atMs: atMs, lookbackMs: lookbackMs, cancellation: cancellation)
            } catch {
                throw APIError(error)
            }
        }
    }

    private var range: Ask {
        { (parameters, expression, cancellation) throws(APIError) in
            guard let startMs = try parameters.timeMs("start") else {
                throw APIError(parameter: "start", "cannot parse \"\" to a valid timestamp")
            }
            guard let endMs = try parameters.timeMs("end") else {
                throw APIError(parameter: "end", "cannot parse \"\" to a valid timestamp")
            }
            guard let stepMs = try parameters.durationMs("step") else {
                throw APIError(parameter: "step", "cannot parse \"\" to a valid duration")
            }
            try Self.check(startMs, endMs, stepMs)
            let lookbackMs = try parameters.durationMs("lookback_delta")
            do throws(QueryError) {
                return try engine.range(
                    expression, startMs: startMs, endMs: endMs, stepMs: stepMs, lookbackMs: lookbackMs,
                    cancellation: cancellation)
            } catch {
                throw APIError(error)
            }
        }
    }

    private static func check(_ startMs: Int64, _ endMs: Int64, _ stepMs: Int64) throws(APIError) {
        if endMs < startMs { throw APIError(parameter: "end", "end timestamp must not be before start time") }
        if stepMs <= 0 {
            throw APIError(
                parameter: "step",
                "zero or negative query resolution step widths are not accepted. Try a positive integer")
        }
        let (span, overflow) = endMs.subtractingReportingOverflow(startMs)
        if overflow || span / stepMs > pointsMax {
            throw APIError(
                .badData,
                "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"
            )
        }
    }
}
