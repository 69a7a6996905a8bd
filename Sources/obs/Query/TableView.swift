import Encoding
import Text

/// An answer as a table.
struct TableView {
    private static let trendColumnsMin = 8
    private static let trendColumnsMax = 60
    /// For whoever reads a pipe.
    private static let trendColumnsOfPipe = 24
    private static let nothing = "no series"

    let console: Console
    let unit: ValueUnit

    func text(_ answer: QueryAnswer) -> String {
        switch answer.value {
        case .scalar(_, let value): FloatText.sample(value)
        case .string(_, let text): DisplayWidth.printable(text)
        case .vector(let series): instants(series)
        case .matrix(let series): ranges(series, nil)
        }
    }

    /// Series over time.
    ///
    /// - Parameter times: nil where the samples themselves were asked for.
    func ranges(_ series: [QueryAnswer.Series], _ times: GraphView.Times?) -> String {
        guard !series.isEmpty else { return Self.nothing }
        let steps = series.map { Self.steps($0, times) }
        let figures = steps.map { Figures.cells($0.compactMap { $0 }, unit) }
        let table = SeriesTable(series, console)
        let points = steps.map(\.count).max() ?? 0
        let left =
            console.style.isTerminal
            ? table.columnsLeft(besides: Figures.columns) { figures[$0] } : Self.trendColumnsOfPipe
        let columns = min(points, max(Self.trendColumnsMin, min(left, Self.trendColumnsMax)))
        return table.text(Figures.columns + [TextTable.Column(title: "TREND")]) { index in
            figures[index] + [Sparkline.text(steps[index], columns: columns)]
        }
    }

    private func instants(_ series: [QueryAnswer.Series]) -> String {
        guard !series.isEmpty else { return Self.nothing }
        let hasHistograms = series.contains { !$0.histograms.isEmpty }
        let column = TextTable.Column(title: "VALUE", alignsRight: !hasHistograms, shortest: hasHistograms ? 24 : nil)
        return SeriesTable(series, console).text([column]) { index in
            [series[index].histograms.last?.value.text ?? series[index].values.last.map(FloatText.sample) ?? ""]
        }
    }

    /// A value for each step, nil where there is none; of native histograms their counts.
    private static func steps(_ series: QueryAnswer.Series, _ times: GraphView.Times?) -> [Double?] {
        var samples = Array(zip(series.timesMs, series.values))
        samples += series.histograms.map { ($0.timeMs, $0.value.count) }
        samples.sort { $0.0 < $1.0 }
        guard let times, times.stepMs > 0 else { return samples.map(\.1) }
        var values = [Double?](repeating: nil, count: Int((times.toMs - times.fromMs) / times.stepMs) + 1)
        for (timeMs, value) in samples {
            let step = Int((timeMs - times.fromMs) / times.stepMs)
            if values.indices.contains(step) { values[step] = value }
        }
        return values
    }
}
