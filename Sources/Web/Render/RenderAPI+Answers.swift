import Encoding
import LogQL
import Model
import PromQL
import Storage

/// What the queries of a picture answer.
extension RenderAPI {
    func ask(
        _ query: RenderedPanel.Query, of panel: RenderedPanel, _ times: RenderTimes, _ progress: QueryProgress
    ) throws(APIError) -> [PanelPicture.Series] {
        let expression: Expression
        do throws(ParseError) {
            expression = try Parser.parse(query.text, features: queries.engine.options.features)
        } catch {
            throw APIError(.badData, "\(query.text): \(error)")
        }
        let result: QueryResult
        do throws(QueryError) {
            result = try queries.engine.prepareRange(
                expression, startMs: times.fromMs, endMs: times.toMs, stepMs: times.stepMs, progress
            ).run()
        } catch {
            throw APIError(error)
        }
        guard case .matrix(let frame) = result.value else { return [] }
        var buckets = NativeBuckets(steps: frame.grid.count)
        var series: [PanelPicture.Series] = []
        for row in 0..<frame.count {
            var values = [Double](repeating: .nan, count: frame.grid.count)
            for step in 0..<frame.grid.count {
                switch frame.point(row, step) {
                case .float(let value): values[step] = value
                case .histogram(let histogram):
                    values[step] = histogram.count
                    if case .heatmap = panel.kind { buckets.add(histogram, step) }
                case nil: break
                }
            }
            let labels = frame.labels.labels(row)
            series.append(
                PanelPicture.Series(
                    name: Self.name(labels, query), values: values, labels: labels,
                    bound: query.isBuckets ? FloatReading.float(labels["le"]) : nil))
        }
        return buckets.isEmpty ? series : buckets.series
    }

    /// Lines of a selector, series of an expression over lines.
    func askLogs(
        _ query: RenderedPanel.Query, _ times: RenderTimes, linesMax: Int, _ progress: QueryProgress
    ) throws(APIError) -> (series: [PanelPicture.Series], lines: [(ms: Int64, text: String)]) {
        let parsed: LogQuery
        do throws(LogQLError) {
            parsed = try LogQuery(parsing: query.text)
        } catch {
            throw APIError(.badData, "\(query.text): \(error)")
        }
        let (startNs, endNs) = (times.fromMs * 1_000_000, times.toMs * 1_000_000)
        do throws(QueryError) {
            switch parsed {
            case .lines(let selector):
                let found = try logs.lines(
                    .init(selector, startNs: startNs, endNs: endNs, limit: linesMax), progress)
                return ([], found.lines.map { ($0.timestampNs / 1_000_000, String(decoding: $0.line, as: UTF8.self)) })
            case .metric(let expression):
                let found = try logs.metric(
                    expression, startNs: startNs, endNs: endNs, stepNs: times.stepMs * 1_000_000, progress)
                guard case .rows(let rows) = found.value else { return ([], []) }
                let series = (0..<rows.count).map { row in
                    PanelPicture.Series(
                        name: Self.name(rows.labels[row], query),
                        values: (0..<rows.steps).map { rows.value(row, $0) ?? .nan })
                }
                return (series, [])
            }
        } catch {
            throw APIError(error)
        }
    }

    /// As the legend says; else the labels, and the expression where there are none.
    private static func name(_ labels: Labels, _ query: RenderedPanel.Query) -> String {
        if query.legend.isEmpty || query.legend == "__auto" { return labels.isEmpty ? query.text : "\(labels)" }
        var result = ""
        var rest = query.legend[...]
        while let open = rest.firstRange(of: "{{") {
            result += rest[..<open.lowerBound]
            rest = rest[open.upperBound...]
            guard let close = rest.firstRange(of: "}}") else { return result + "{{" + rest }
            result += labels[rest[..<close.lowerBound].filter { $0 != " " }]
            rest = rest[close.upperBound...]
        }
        return result + rest
    }
}

/// The buckets of native histograms as rows of a heatmap, each with what it counts at each step.
private struct NativeBuckets {
    private let steps: Int
    private var counts: [Double: [Double]] = [:]

    init(steps: Int) { self.steps = steps }

    var isEmpty: Bool { counts.isEmpty }

    mutating func add(_ histogram: FloatHistogram, _ step: Int) {
        for bucket in histogram.buckets where bucket.count > 0 {
            counts[bucket.upper, default: Array(repeating: 0, count: steps)][step] += bucket.count
        }
    }

    /// From the lowest bound upwards. They count their own already.
    var series: [PanelPicture.Series] {
        counts.sorted { $0.key < $1.key }.map { bound, values in
            PanelPicture.Series(name: FloatText.general(bound, significant: 3), values: values)
        }
    }
}
