import Encoding
import Model
import Storage

/// Functions of histograms, native ones and classic ones made of series with the label `le`.
enum HistogramFunctions {
    static let all: [FunctionDefinition] = [
        perHistogram("histogram_count") { $0.count },
        perHistogram("histogram_sum") { $0.sum },
        perHistogram("histogram_avg") { $0.sum / $0.count },
        perHistogram("histogram_stdvar") { $0.variance },
        perHistogram("histogram_stddev") { $0.variance.squareRoot() },
        FunctionDefinition("histogram_quantile", [.scalar, .vector], .vector(quantile)),
        FunctionDefinition(
            "histogram_quantiles", [.vector, .string, .scalar, .scalar], variadic: 9, isExperimental: true,
            .vector(quantiles)),
        FunctionDefinition("histogram_fraction", [.scalar, .scalar, .vector], .vector(fraction)),
    ]

    private static func perHistogram(
        _ name: String, _ value: @escaping @Sendable (FloatHistogram) -> Double
    ) -> FunctionDefinition {
        FunctionDefinition(
            name, [.vector],
            .vector { (call) throws(QueryError) in
                let input = call.frame(0)
                var output = Frame(grid: call.grid)
                for (row, column) in input.histograms.sorted(by: { $0.key < $1.key }) {
                    output.labels.appendSet(row, of: input.labels)
                    output.appendCells(dropsName: true)
                    for (step, histogram) in column.enumerated() {
                        guard let histogram else { continue }
                        output.set(.float(value(histogram)), row: output.count - 1, step: step)
                    }
                }
                return output
            })
    }

    @Sendable
    private static func quantile(_ call: inout VectorCall) throws(QueryError) -> Frame {
        let column = call.scalar(0)
        for q in column where !(0...1 ~= q) { call.annotations.add(.invalidQuantile(q, call.positions[0])) }
        var input = HistogramInput(call.frame(1), features: call.features, position: call.positions[1])
        return quantiles(of: &input, column, labelled: nil, &call.annotations)
    }

    /// One series for each quantile and histogram, told apart by a label.
    @Sendable
    private static func quantiles(_ call: inout VectorCall) throws(QueryError) -> Frame {
        var input = HistogramInput(call.frame(0), features: call.features, position: call.positions[0])
        let label = call.string(1)
        var output = Frame(grid: call.grid)
        for index in 2..<call.arguments.count {
            let column = call.scalar(index)
            for q in column where !(0...1 ~= q) { call.annotations.add(.invalidQuantile(q, call.positions[index])) }
            let text = FloatText.openMetrics(column[0])
            let frame = quantiles(of: &input, column, labelled: (label, text), &call.annotations)
            for row in 0..<frame.count { output.appendRow(row, of: frame) }
        }
        return output
    }

    private static func quantiles(
        of input: inout HistogramInput, _ column: [Double], labelled label: (name: String, value: String)?,
        _ annotations: inout Annotations
    ) -> Frame {
        input.evaluate(
            labelled: label, &annotations,
            native: { histogram, step in histogram.quantile(column[step]) },
            classic: { buckets, step in buckets.quantile(column[step]) })
    }

    @Sendable
    private static func fraction(_ call: inout VectorCall) throws(QueryError) -> Frame {
        let lower = call.scalar(0)
        let upper = call.scalar(1)
        var input = HistogramInput(call.frame(2), features: call.features, position: call.positions[2])
        return input.evaluate(
            labelled: nil, &call.annotations,
            native: { histogram, step in histogram.fraction(from: lower[step], to: upper[step]) },
            classic: { buckets, step in (buckets.fraction(from: lower[step], to: upper[step]), nil) })
    }
}

/// A vector sorted out into native histograms and the series that make classic ones.
private struct HistogramInput {
    private struct Classic {
        /// Rows of the input, by ascending bound.
        var rows: [(row: Int, upperBound: Double)] = []
    }

    private let frame: Frame
    private let position: PositionRange
    private let tellsNames: Bool
    private var table = LabelTable()
    private var classics: [Classic] = []
    /// The label of bounds of rows where it is no number.
    private var badLabels: [Int: String] = [:]

    init(_ frame: Frame, features: LanguageFeatures, position: PositionRange) {
        self.frame = frame
        self.position = position
        tellsNames = features.delayedNameRemoval
        let filter = LabelFilter(dropping: ["le"])
        var scratch: [UInt8] = []
        for row in 0..<frame.count {
            let text = frame.labels.value(.bound, of: row)
            guard let bound = FloatReading.float(text), !bound.isNaN else {
                badLabels[row] = text
                continue
            }
            filter.apply(frame.labels.bytes.span.extracting(frame.labels.range(row)), into: &scratch)
            let number = table.number(of: scratch.span)
            if number == classics.count { classics.append(Classic()) }
            classics[number].rows.append((row, bound))
        }
        for index in classics.indices { classics[index].rows.sort { $0.upperBound < $1.upperBound } }
    }

    private func metric(_ row: Int) -> String { tellsNames ? frame.labels.value(.metric, of: row) : "" }

    /// Calls the one or the other for each histogram at each instant. Where a classic and a native histogram of the
    /// same labels meet, neither is used.
    mutating func evaluate(
        labelled label: (name: String, value: String)?, _ annotations: inout Annotations,
        native: (FloatHistogram, Int) -> (value: Double, note: HistogramNote?),
        classic: (inout ClassicBuckets, Int) -> (value: Double, repair: ClassicBuckets.Repair?)
    ) -> Frame {
        var output = Frame(grid: frame.grid)
        for (row, text) in badLabels.sorted(by: { $0.key < $1.key })
        where frame.cells(row).contains(where: { !Absent.isAbsent(frame.values[$0]) }) {
            annotations.add(.badBucketLabel(text, metric: metric(row), position))
        }
        var conflicts: Set<Int> = []
        for (row, column) in frame.histograms.sorted(by: { $0.key < $1.key }) {
            let block = frame.labels
            let number = table.number(of: block.bytes.span.extracting(block.range(row)))
            let sameLabels = number < classics.count ? classics[number] : Classic()
            append(row, label, to: &output)
            for (step, histogram) in column.enumerated() {
                guard let histogram else { continue }
                if sameLabels.rows.contains(where: { !Absent.isAbsent(frame.values[$0.row * frame.grid.count + step]) })
                {
                    annotations.add(.mixedClassicNative(metric: metric(row), position))
                    conflicts.insert(number * frame.grid.count + step)
                    continue
                }
                let result = native(histogram, step)
                if let note = result.note {
                    annotations.add(.note(note, metric: metric(row), position))
                }
                output.set(.float(result.value), row: output.count - 1, step: step)
            }
        }
        for (number, group) in classics.enumerated() {
            evaluate(group, number, label, conflicts, &output, &annotations, classic)
        }
        return output.mergingEqualLabels() ?? output
    }

    private func evaluate(
        _ group: Classic, _ number: Int, _ label: (name: String, value: String)?, _ conflicts: Set<Int>,
        _ output: inout Frame, _ annotations: inout Annotations,
        _ classic: (inout ClassicBuckets, Int) -> (value: Double, repair: ClassicBuckets.Repair?)
    ) {
        appendSet(table.sets, number, label, to: &output)
        let steps = frame.grid.count
        for step in 0..<steps where !conflicts.contains(number * steps + step) {
            var buckets: [ClassicBuckets.Bucket] = []
            for (row, bound) in group.rows {
                let count = frame.values[row * steps + step]
                if !Absent.isAbsent(count) { buckets.append(ClassicBuckets.Bucket(upperBound: bound, count: count)) }
            }
            if buckets.isEmpty { continue }
            var sorted = ClassicBuckets(sorted: buckets)
            let result = classic(&sorted, step)
            if let repair = result.repair {
                annotations.add(
                    .forcedMonotonicity(
                        metric: metric(group.rows[0].row), timeMs: frame.grid.timeMs(step), repair, position))
            }
            output.set(.float(result.value), row: output.count - 1, step: step)
        }
    }

    private func append(_ row: Int, _ label: (name: String, value: String)?, to output: inout Frame) {
        appendSet(frame.labels, row, label, to: &output)
    }

    private func appendSet(
        _ block: LabelBlock, _ set: Int, _ label: (name: String, value: String)?, to output: inout Frame
    ) {
        if let label {
            var builder = LabelsBuilder(block.labels(set))
            builder.set(label.name, label.value)
            output.labels.append(builder.labels())
        } else {
            output.labels.appendSet(set, of: block)
        }
        output.appendCells(dropsName: true)
    }
}
