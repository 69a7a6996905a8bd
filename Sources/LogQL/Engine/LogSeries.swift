import Model
package import PromQL
package import Storage

/// `logs("<LogQL>")` inside PromQL.
extension LogEngine {
    package func series(_ request: ForeignRequest) throws(QueryError) -> any SeriesSelection {
        let query: LogQuery
        do throws(LogQLError) {
            query = try LogQuery(parsing: request.query)
        } catch {
            throw .execution("\(error)")
        }
        guard case .metric(let expression) = query else {
            throw .execution("the query selects lines, not numbers: count them, as in count_over_time(... [5m])")
        }
        let stepMs = max(1, request.stepMs)
        let value = try metric(
            expression, startNs: request.startMs * 1_000_000, endNs: request.endMs * 1_000_000,
            stepNs: request.startMs == request.endMs ? 0 : stepMs * 1_000_000,
            QueryProgress(cancellation: request.cancellation)
        ).value
        let rows: MetricRows
        switch value {
        case .rows(let found): rows = found
        case .scalar(let number):
            rows = MetricRows(
                constant: number, steps: Int((request.endMs - request.startMs) / stepMs) + 1)
        }
        if rows.count > request.seriesMax {
            throw QueryError(.limit, "the query gives \(rows.count) series, more than the \(request.seriesMax) allowed")
        }
        return LogSeries(rows, startMs: request.startMs, stepMs: stepMs)
    }
}

/// The result of a metric query as series, with a sample at each step.
private final class LogSeries: SeriesSelection {
    private let rows: MetricRows
    private let startMs: Int64
    private let stepMs: Int64

    init(_ rows: MetricRows, startMs: Int64, stepMs: Int64) {
        (self.rows, self.startMs, self.stepMs) = (rows, startMs, stepMs)
    }

    var count: Int { rows.count }
    var samplesEstimate: Int { rows.count * rows.steps }

    func labels(_ series: Range<Int>, into block: inout LabelBlock) throws(StorageError) {
        block.removeAll()
        // In PromQL a label without a value is none.
        for row in series { block.append(LabelsBuilder(rows.labels[row]).labels()) }
    }

    func read(_ series: Range<Int>, into block: inout SeriesBlock) throws(StorageError) {
        block.removeAll()
        for row in series {
            let start = block.values.count
            for step in 0..<rows.steps {
                guard let value = rows.value(row, step) else { continue }
                block.timestampsMs.append(startMs + Int64(step) * stepMs)
                block.values.append(value)
            }
            block.floats.append(
                .init(timestampStart: start, valueStart: start, count: block.values.count - start))
            block.histogramOffsets.append(0)
        }
    }
}
