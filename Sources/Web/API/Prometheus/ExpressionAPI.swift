import Encoding
package import HTTP
import PromQL
package import Storage

/// What is asked about an expression rather than by it: `/api/v1/format_query`, `/api/v1/parse_query` and the exemplars
/// of its series by `/api/v1/query_exemplars`.
package struct ExpressionAPI: Sendable {
    private let store: any MetricStore
    private let pool: HandlerPool

    package init(store: any MetricStore, pool: HandlerPool) {
        self.store = store
        self.pool = pool
    }

    package func add(to router: inout Router) {
        for method in [Method.get, .post] {
            router.add(method, "/api/v1/format_query", role: .read) { request, response in
                answer(request, &response) { (parameters, pending) throws(APIError) in
                    let text = Prettifier.text(of: try Self.parse(parameters))
                    APIAnswer.success(pending) { $0.string(text) }
                }
            }
            router.add(method, "/api/v1/parse_query", role: .read) { request, response in
                answer(request, &response) { (parameters, pending) throws(APIError) in
                    let expression = try Self.parse(parameters)
                    APIAnswer.success(pending) { ExpressionDescription.write(expression, to: &$0) }
                }
            }
            router.add(method, "/api/v1/query_exemplars", role: .read) { request, response in
                answer(request, &response) { (parameters, pending) throws(APIError) in
                    try exemplars(parameters, pending)
                }
            }
        }
    }

    private typealias Work = @Sendable (APIParameters, PendingResponse) throws(APIError) -> Void

    private func answer(_ request: borrowing Request, _ response: inout Response, _ work: @escaping Work) {
        let parameters = APIParameters(request)
        pool.answer(&response) { pending in
            do throws(APIError) {
                try work(parameters, pending)
            } catch {
                APIAnswer.failure(pending, error)
            }
        }
    }

    private static func parse(_ parameters: APIParameters) throws(APIError) -> Expression {
        do throws(ParseError) {
            return try Parser.parse(parameters["query"] ?? "")
        } catch {
            throw APIError(parameter: "query", "\(error)")
        }
    }

    private func exemplars(_ parameters: APIParameters, _ pending: PendingResponse) throws(APIError) {
        let startMs = try parameters.timeMs("start") ?? .min
        let endMs = try parameters.timeMs("end") ?? .max
        if endMs < startMs { throw APIError(.badData, "end timestamp must not be before start timestamp") }
        var request = LabelRequest(startMs: startMs, endMs: endMs)
        do throws(ParseError) {
            Self.collect(try Parser.parse(parameters["query"] ?? ""), into: &request)
        } catch {
            throw APIError(.badData, "\(error)")
        }
        if request.selectors.isEmpty { return pending.send(.noContent, "") }
        do throws(StorageError) {
            let found = try store.exemplars(request)
            APIAnswer.success(pending) { ExemplarsJSON.write(found, to: &$0) }
        } catch {
            throw APIError(error)
        }
    }

    /// The conditions of every selector in the expression.
    private static func collect(_ expression: Expression, into request: inout LabelRequest) {
        if case .selector(let selector) = expression, selector.logs == nil {
            request.selectors.append(selector.matchers)
        }
        for child in expression.children { collect(child, into: &request) }
    }
}
