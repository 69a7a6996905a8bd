import Model
import PromQL

/// A selector of the parameter `match[]`.
enum APISelector {
    static func parse(_ text: String) throws(APIError) -> [Matcher] {
        do throws(ParseError) {
            return try Parser.parseSelector(text)
        } catch {
            throw APIError(parameter: "match[]", "\(error)")
        }
    }
}
