import LogQL
import Model
import PromQL
import Storage
import Text

/// What a rule's expression found: one point for each series.
struct RuleResult {
    var points: [(labels: Labels, point: Point)] = []

    /// A scalar counts as a series without labels.
    init(_ result: QueryResult) throws(RuleFailure) {
        switch result.value {
        case .scalar(let value): points = [(.empty, .float(value))]
        case .vector(let frame):
            for row in 0..<frame.count {
                guard let point = frame.point(row, 0) else { continue }
                points.append((frame.labels.labels(row), point))
            }
        case .string, .matrix, .samples: throw RuleFailure("rule result is not a vector or scalar")
        }
    }

    /// In metrics a label without a value is none.
    init(_ value: MetricValue) {
        switch value {
        case .scalar(let number): points = [(.empty, .float(number))]
        case .rows(let rows):
            for row in 0..<rows.count {
                guard let number = rows.value(row, 0) else { continue }
                points.append((LabelsBuilder(rows.labels[row]).labels(), .float(number)))
            }
        }
    }
}

extension Point {
    /// For templates and alerts; a histogram has no one value.
    var number: Double {
        if case .float(let value) = self { value } else { 0 }
    }

    var templateValue: TemplateValue {
        switch self {
        case .float(let value): .float(value)
        case .histogram(let histogram): .string("\(histogram)")
        }
    }
}

extension RuleEnvironment {
    func evaluate(_ expression: RuleExpression, atMs: Int64) throws(RuleFailure) -> RuleResult {
        switch expression {
        case .promQL(let expression): try evaluate(expression, atMs: atMs)
        case .logQL(let expression): try evaluate(expression, atMs: atMs)
        }
    }

    private func evaluate(_ expression: MetricExpression, atMs: Int64) throws(RuleFailure) -> RuleResult {
        guard let logs else { throw RuleFailure("no logs are kept here") }
        do throws(QueryError) {
            let atNs = atMs * 1_000_000
            return RuleResult(try logs.metric(expression, startNs: atNs, endNs: atNs, stepNs: 0).value)
        } catch {
            throw RuleFailure("\(error)")
        }
    }

    private func evaluate(_ expression: Expression, atMs: Int64) throws(RuleFailure) -> RuleResult {
        let result: QueryResult
        do throws(QueryError) {
            result = try engine.instant(expression, atMs: atMs)
        } catch {
            throw RuleFailure("\(error)")
        }
        return try RuleResult(result)
    }

    /// Answers the queries of templates.
    func query(_ text: String, atMs: Int64) throws(TemplateFailure) -> [QueriedSample] {
        let expression: RuleExpression
        do throws(RuleExpression.Failure) {
            expression = try RuleExpression.parse(text)
        } catch {
            throw TemplateFailure("\(error)")
        }
        do throws(RuleFailure) {
            return try evaluate(expression, atMs: atMs).points.map {
                QueriedSample(labels: $0.labels, value: $0.point.templateValue)
            }
        } catch {
            throw TemplateFailure("\(error)")
        }
    }
}
