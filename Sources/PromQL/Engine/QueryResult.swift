package import Model
import Storage

/// What a query came to.
package struct QueryResult: Sendable {
    package enum Value: Sendable {
        case scalar(Double)
        case string(String)
        /// A row for each series, with one cell.
        case vector(Frame)
        /// A row for each series, sorted by labels, with a cell for each instant.
        case matrix(Frame)
        /// The samples of a range, sorted by labels.
        case samples([SampledSeries])
    }

    package var value: Value
    package var grid: Grid
    package var annotations: [Annotation]
    package var statistics: Statistics
    /// Gives back what the query holds once the result is dropped.
    private let held: QueryLedger

    init(value: Value, grid: Grid, annotations: [Annotation], statistics: Statistics, held: QueryLedger) {
        self.value = value
        self.grid = grid
        self.annotations = annotations
        self.statistics = statistics
        self.held = held
    }

    package struct Statistics: Sendable {
        /// Samples that the store was asked for.
        package var samplesRead = 0
        /// The samples that were looked at for each instant, as Prometheus counts them; nil where nobody asked.
        package var samplesPerStep: [Int]?
        /// The most samples and cells that were in memory at once.
        package var samplesPeak = 0
        /// The most bytes that were held at once, as far as they are counted.
        package var bytesPeak = 0
        /// What planning and selecting took, and what evaluating did.
        package var prepareNs: Int64 = 0
        package var evaluateNs: Int64 = 0
    }

    package func warnings(in query: String) -> [String] {
        annotations.filter { $0.level == .warning }.map { $0.sentence(in: query) }
    }

    package func infos(in query: String) -> [String] {
        annotations.filter { $0.level == .info }.map { $0.sentence(in: query) }
    }
}

/// A series with samples at their own times.
package struct SampledSeries: Sendable {
    package var labels: Labels
    package var timesMs: [Int64] = []
    package var values: [Double] = []
    package var histograms: [(timeMs: Int64, value: FloatHistogram)] = []

    /// The rows of a subquery that is the whole query.
    static func all(of frame: Frame) -> [SampledSeries] {
        (0..<frame.count).map { row in
            var series = SampledSeries(labels: frame.labels.labels(row))
            for step in 0..<frame.grid.count {
                switch frame.point(row, step) {
                case .float(let value):
                    series.timesMs.append(frame.grid.timeMs(step))
                    series.values.append(value)
                case .histogram(let histogram): series.histograms.append((frame.grid.timeMs(step), histogram))
                case nil: break
                }
            }
            return series
        }
    }

    private init(labels: Labels) { self.labels = labels }

    /// The samples of a stored series within a range.
    init(
        _ labels: Labels, _ block: SeriesBlock, _ series: Int, _ input: RangeInput, endMs: Int64
    ) throws(QueryError) {
        self.labels = labels
        let samples = (
            floats: block.plainFloats(series), histograms: block.histogramPoints(series, statisticsOnly: false)
        )
        let startMs = endMs - input.rangeMs
        let from = endMs - input.beforeMs
        let to = endMs + input.afterMs
        let floats = samples.floats.filter { $0.timeMs > from && $0.timeMs <= to }
        if input.edge != .plain {
            if samples.histograms.contains(where: { $0.timeMs > from && $0.timeMs <= to }) {
                throw .execution("\(input.edge.rawValue) modifier is not supported with histograms")
            }
            addExtended(floats, startMs: startMs, endMs: endMs, input.edge)
            return
        }
        timesMs = floats.map(\.timeMs)
        values = floats.map(\.value)
        histograms = samples.histograms.filter { $0.timeMs > from && $0.timeMs <= to }.map { ($0.timeMs, $0.value) }
    }

    /// The samples between the edges with a sample made at each edge.
    private mutating func addExtended(
        _ floats: [(timeMs: Int64, value: Double)], startMs: Int64, endMs: Int64, _ edge: RangeEdge
    ) {
        guard let last = floats.last else { return }
        let first = max(0, (floats.firstIndex { $0.timeMs > startMs } ?? floats.count - 1) - 1)
        var end = floats.count - 1
        if edge == .smoothed { end = floats.firstIndex { $0.timeMs >= endMs } ?? end }
        if floats[end].timeMs <= startMs || last.timeMs <= startMs { return }
        var left = floats[first].value
        var right = floats[end].value
        if edge == .smoothed {
            if floats[first].timeMs < startMs {
                left = EdgeRate.interpolate(floats[first], floats[first + 1], at: startMs, isCounter: false)
            }
            if end > 0, floats[end].timeMs > endMs {
                right = EdgeRate.interpolate(floats[end - 1], floats[end], at: endMs, isCounter: false)
            }
        }
        let inside = floats[first...end].filter { $0.timeMs > startMs && $0.timeMs < endMs }
        timesMs = [startMs] + inside.map(\.timeMs) + [endMs]
        values = [left] + inside.map(\.value) + [right]
    }
}
