package import LogQL
package import PromQL

/// What a rule asks, of metrics or of logs. PromQL may ask logs too, in `logs("...")`.
package enum RuleExpression: Sendable {
    package enum Language: String, Sendable, CaseIterable {
        case promQL = "promql"
        case logQL = "logql"
    }

    case promQL(Expression)
    case logQL(MetricExpression)

    /// Why a text is no expression of a rule.
    package struct Failure: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// Reads a text. What is not said to be in a language and is no PromQL may be LogQL; a selector alone, such as
    /// `rate({app="a"}[5m])`, is both, and PromQL.
    package static func parse(
        _ text: String, in language: Language? = nil
    ) throws(Failure) -> RuleExpression {
        switch language {
        case .promQL: return try metrics(text)
        case .logQL: return try logs(text)
        case nil:
            do throws(Failure) {
                return try metrics(text)
            } catch {
                // The error of PromQL says more to most.
                guard let logs = try? logs(text) else { throw error }  // as said above
                return logs
            }
        }
    }

    private static func metrics(_ text: String) throws(Failure) -> RuleExpression {
        do throws(ParseError) {
            return .promQL(try Parser.parse(text))
        } catch {
            throw Failure(description: "\(error)")
        }
    }

    private static func logs(_ text: String) throws(Failure) -> RuleExpression {
        let query: LogQuery
        do throws(LogQLError) {
            query = try LogQuery(parsing: text)
        } catch {
            throw Failure(description: "\(error)")
        }
        guard case .metric(let expression) = query else {
            throw Failure(
                description: "it selects lines, not numbers: count them, as in count_over_time(\(text) [5m]) > 0")
        }
        return .logQL(expression)
    }
}

extension RuleExpression: CustomStringConvertible {
    package var description: String {
        switch self {
        case .promQL(let expression): "\(expression)"
        case .logQL(let expression): QueryText.text(expression)
        }
    }
}
