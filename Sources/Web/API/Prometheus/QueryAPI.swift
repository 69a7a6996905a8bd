package import HTTP
import Model
package import Posix
import PromQL

/// `/api/v1/query` and `/api/v1/query_range`.
package struct QueryAPI: Sendable {
    private let service: QueryService
    private let time: any TimeSource

    /// As in Prometheus: a graph with more points than this is wider than any screen.
    private static let pointsMax: Int64 = 11_000
    /// A text up to this length is parsed in a few microseconds.
    private static let shortBytes = 256

    package init(_ service: QueryService, time: any TimeSource) {
        self.service = service
        self.time = time
    }

    package func add(to router: inout Router) {
        for method in [Method.get, .post] {
            router.add(method, "/api/v1/query", role: .read) { request, response in
                run(request, &response) { (parameters) throws(APIError) in try instant(parameters) }
            }
            router.add(method, "/api/v1/query_range", role: .read) { request, response in
                run(request, &response) { (parameters) throws(APIError) in try range(parameters) }
            }
        }
    }

    private func run(
        _ request: borrowing Request, _ response: inout Response,
        _ read: @escaping @Sendable (APIParameters) throws(APIError) -> QueryService.Asked
    ) {
        let parameters = APIParameters(request)
        let isShort = (parameters["query"]?.utf8.count ?? 0) <= Self.shortBytes
        service.answer(&response, principal: request.principal?.name ?? "", isShort: isShort) { () throws(APIError) in
            try read(parameters)
        }
    }

    private func asked(
        _ parameters: APIParameters, startMs: Int64, endMs: Int64, stepMs: Int64?
    ) throws(APIError) -> QueryService.Asked {
        let text = parameters["query"] ?? ""
        return QueryService.Asked(
            text: text, expression: try Self.parse(text, service.engine.options.features), startMs: startMs,
            endMs: endMs, stepMs: stepMs, lookbackMs: try parameters.durationMs("lookback_delta"),
            timeoutMs: try parameters.durationMs("timeout"), limit: try parameters.limit(),
            statistics: Self.statistics(parameters["stats"]))
    }

    private static func statistics(_ wanted: String?) -> QueryService.WantedStatistics {
        switch wanted {
        case nil, "": .none
        case "all": .all
        default: .totals
        }
    }

    private static func parse(_ query: String, _ features: LanguageFeatures) throws(APIError) -> Expression {
        do throws(ParseError) {
            return try Parser.parse(query, features: features)
        } catch {
            throw APIError(parameter: "query", "\(error)")
        }
    }

    private func instant(_ parameters: APIParameters) throws(APIError) -> QueryService.Asked {
        let atMs = try parameters.timeMs("time") ?? time.wallMs
        return try asked(parameters, startMs: atMs, endMs: atMs, stepMs: nil)
    }

    private func range(_ parameters: APIParameters) throws(APIError) -> QueryService.Asked {
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
        return try asked(parameters, startMs: startMs, endMs: endMs, stepMs: stepMs)
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
