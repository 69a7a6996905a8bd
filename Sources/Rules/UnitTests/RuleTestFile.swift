package import Encoding
package import Model
package import PromQL

/// A file of unit tests for rules, as promtool has them.
package struct RuleTestFile: Sendable {
    package struct Case: Sendable {
        package var name: String
        package var position: ConfigurationPosition
        package var intervalMs: Int64
        package var series: [SeriesDescription] = []
        package var logs: [LoggedLine] = []
        package var alerts: [ExpectedAlerts] = []
        package var expressions: [ExpectedSamples] = []
        package var context = RuleTemplateContext()
    }

    /// The alerts of one name that fire at an instant.
    package struct ExpectedAlerts: Sendable {
        package var atMs: Int64
        package var name: String
        package var alerts: [(labels: Labels, annotations: [String: String])]
        package var position: ConfigurationPosition
    }

    /// A line of a log, or several alike.
    package struct LoggedLine: Sendable {
        package var stream: Labels
        package var line: String
        package var metadata: Labels
        /// Of the first, from the beginning of the test on.
        package var atMs: Int64
        package var count: Int
        package var everyMs: Int64
    }

    package struct ExpectedSamples: Sendable {
        package var atMs: Int64
        package var text: String
        package var expression: RuleExpression
        package var samples: [(labels: Labels, value: SeriesDescription.Value)]
        package var position: ConfigurationPosition
    }

    package var ruleFiles: [(path: String, position: ConfigurationPosition)] = []
    package var intervalMs: Int64 = 60_000
    /// Groups that are evaluated in this order; others before them.
    package var groupOrder: [String] = []
    /// Values are equal if they differ by rounding only.
    package var comparesRoughly = false
    package var cases: [Case] = []

    /// What is wrong is reported, with its place.
    package static func read(
        _ text: Span<UInt8>, file: String, _ report: ConfigurationReport
    ) -> RuleTestFile {
        var tests = RuleTestFile()
        let reader = YAMLReader(file: file, report: report)
        guard let document = reader.document(text), let section = reader.section(document, "the test file") else {
            return tests
        }
        tests.ruleFiles = (section.list("rule_files") ?? []).compactMap { node in
            reader.string(node, "an entry of rule_files").map { (reader.joined($0), reader.position(of: node)) }
        }
        if let interval = section.durationMs("evaluation_interval"), interval > 0 { tests.intervalMs = interval }
        tests.groupOrder = section.strings("group_eval_order") ?? []
        tests.comparesRoughly = section.bool("fuzzy_compare") ?? false
        for entry in section.sections("tests", "test") {
            tests.cases.append(RuleTestReader(section: entry).test(intervalMs: tests.intervalMs))
        }
        section.finish()
        return tests
    }
}

private struct RuleTestReader {
    let section: YAMLSection

    private var reader: YAMLReader { section.reader }

    func test(intervalMs: Int64) -> RuleTestFile.Case {
        let own = section.durationMs("interval") ?? 0
        var test = RuleTestFile.Case(
            name: section.string("name") ?? "", position: reader.position(of: section.node),
            intervalMs: own > 0 ? own : intervalMs)
        test.series = section.sections("input_series", "input series").compactMap(series)
        test.logs = section.sections("input_logs", "stream of logs").flatMap(logs)
        test.alerts = section.sections("alert_rule_test", "alert test").compactMap(alerts)
        test.expressions = section.sections("promql_expr_test", "expression test").compactMap(expression)
        test.context.externalLabels = section.texts("external_labels").map { ($0.key, $0.value) }
            .sorted { $0.key < $1.key }
        var url = Substring(section.string("external_url") ?? "")
        while url.last == "/" { url.removeLast() }
        test.context.externalURL = String(url)
        section.finish()
        return test
    }

    private func parsed<Value>(
        _ section: YAMLSection, at key: String, _ parse: () throws(ParseError) -> Value
    ) -> Value? {
        do throws(ParseError) {
            return try parse()
        } catch {
            section.refuse(at: key, "\(error)")
            return nil
        }
    }

    private func series(_ section: YAMLSection) -> SeriesDescription? {
        let name = section.string("series") ?? ""
        let values = section.string("values") ?? ""
        section.finish()
        return parsed(section, at: "series") { () throws(ParseError) in
            try SeriesDescription.parse("\(name) \(values)")
        }
    }

    /// Lines of one stream.
    private func logs(_ section: YAMLSection) -> [RuleTestFile.LoggedLine] {
        let text = section.string("stream") ?? ""
        let stream = parsed(section, at: "stream") { () throws(ParseError) in try Parser.parseMetric(text) }
        let lines = section.sections("lines", "line").map { line in
            var logged = RuleTestFile.LoggedLine(
                stream: stream ?? .empty, line: line.string("line") ?? "",
                metadata: Labels(line.texts("metadata").map { ($0.key, $0.value) }),
                atMs: line.durationMs("at") ?? 0, count: line.int("count", in: 1...Self.linesMax) ?? 1, everyMs: 0)
            logged.everyMs = line.durationMs("every") ?? 0
            if logged.count > 1, logged.everyMs == 0 {
                line.refuse("lines that repeat need a time between them", "add every")
            }
            line.finish()
            return logged
        }
        section.finish()
        return lines
    }

    /// Of one entry.
    private static let linesMax = 1_000_000

    private func alerts(_ section: YAMLSection) -> RuleTestFile.ExpectedAlerts? {
        let name = section.string("alertname") ?? ""
        if name.isEmpty { section.refuse("an item of alert_rule_test has no alertname", "name the alert") }
        let alerts = section.sections("exp_alerts", "expected alert").map { alert in
            var labels = alert.texts("exp_labels")
            labels[Alert.nameLabel] = name
            let annotations = alert.texts("exp_annotations")
            alert.finish()
            return (labels: Labels(labels.map { ($0.key, $0.value) }), annotations: annotations)
        }
        let atMs = section.durationMs("eval_time") ?? 0
        section.finish()
        return RuleTestFile.ExpectedAlerts(
            atMs: atMs, name: name, alerts: alerts, position: reader.position(of: section.node))
    }

    private func expression(_ section: YAMLSection) -> RuleTestFile.ExpectedSamples? {
        let text = section.string("expr") ?? ""
        var expression: RuleExpression?
        do throws(RuleExpression.Failure) {
            expression = try RuleExpression.parse(text)
        } catch {
            section.refuse(at: "expr", "\(error)")
        }
        let samples = section.sections("exp_samples", "expected sample").compactMap(sample)
        let atMs = section.durationMs("eval_time") ?? 0
        section.finish()
        guard let expression else { return nil }
        return RuleTestFile.ExpectedSamples(
            atMs: atMs, text: text, expression: expression, samples: samples,
            position: reader.position(of: section.node))
    }

    private func sample(_ section: YAMLSection) -> (labels: Labels, value: SeriesDescription.Value)? {
        let text = section.string("labels") ?? ""
        let labels = parsed(section, at: "labels") { () throws(ParseError) in
            text.isEmpty ? Labels.empty : try Parser.parseMetric(text)
        }
        let histogram = section.string("histogram")
        let number = section.float("value") ?? 0
        section.finish()
        guard let labels else { return nil }
        guard let histogram else { return (labels, .float(number)) }
        let described = parsed(section, at: "histogram") { () throws(ParseError) in
            try SeriesDescription.parse("{} \(histogram)").values.first
        }
        return described.flatMap { $0 }.map { (labels, $0) }
    }
}
