import Encoding
package import HTTP
import Model
import PromQL

/// `/obs/v1/expressions/filtered`: an expression (`query`) with conditions (`matcher[]`, such as `env="prod"`) in each of
/// its selectors, for filters that a dashboard puts around everything it asks.
package struct FilteredExpressionAPI: Sendable {
    package init() {}

    package func add(to router: inout Router) {
        router.post("/obs/v1/expressions/filtered", role: .read) { request, response in
            let parameters = APIParameters(request)
            do throws(APIError) {
                let text = try Self.filtered(parameters)
                APIAnswer.success(&response) { $0.string(text) }
            } catch {
                APIAnswer.failure(&response, error)
            }
        }
    }

    private static func filtered(_ parameters: APIParameters) throws(APIError) -> String {
        var conditions: [Matcher] = []
        for text in parameters.all("matcher[]") {
            guard case .selector(let selector) = try parse("{\(text)}", "matcher[]") else {
                throw APIError(parameter: "matcher[]", "\(text) is no condition on a label")
            }
            conditions += selector.matchers
        }
        return try parse(parameters["query"] ?? "", "query").adding(conditions).description
    }

    private static func parse(_ text: String, _ parameter: String) throws(APIError) -> Expression {
        do throws(ParseError) {
            return try Parser.parse(text)
        } catch {
            throw APIError(parameter: parameter, "\(error)")
        }
    }
}
