import Encoding
import Model
import PromQL
import Storage

/// Evaluates a range aggregation at all steps in one pass over the entries.
struct RangeEvaluator {
    private let range: RangeAggregation
    private let steps: TimeSteps
    private let run: LogRun
    /// By which labels series are told apart.
    private let keys: SeriesKeys

    /// - Parameter outer: what an aggregation around it keeps, where that can be done at once.
    init(_ range: RangeAggregation, steps: TimeSteps, run: LogRun, outer: Grouping? = nil) {
        self.range = range
        self.steps = steps
        self.run = run
        keys = SeriesKeys(range, outer: outer)
    }

    func rows() throws(QueryError) -> MetricRows {
        let plan = plan
        if plan.request.order == .any, let columns = try ColumnScan(plan, range, keys, run) {
            var source = Source.columns(columns)
            if let rows = try rows(&source) { return rows }
        }
        var source = Source.entries(plan)
        guard let rows = try rows(&source) else { preconditionFailure("BUG: entries say everything") }
        return rows
    }

    /// Nil where the source cannot say.
    private func rows(_ source: inout Source) throws(QueryError) -> MetricRows? {
        switch range.function {
        case .count, .bytes, .bytesRate: return try counted(source)
        case .rate where range.unwrap == nil: return try counted(source)
        case .absent: return try absent(source)
        case .rate, .sum, .avg, .min, .max: return try folded(source)
        case .rateCounter, .stdvar, .stddev, .quantile, .first, .last: return try collected(source)
        }
    }

    // MARK: entries

    /// Where samples come from.
    private enum Source {
        case columns(ColumnScan)
        case entries(ScanPlan)
    }

    private var plan: ScanPlan {
        var plan = ScanPlan(
            range.selector, startNs: Self.clamped(steps.startNs, -range.rangeNs, -range.offsetNs, 1),
            endNs: Self.clamped(steps.lastNs, -range.offsetNs), run.progress)
        switch range.function {
        case .rateCounter, .stdvar, .stddev, .first, .last: plan.request.order = .oldestFirst
        default: break
        }
        if !range.function.readsLine { plan.stages = plan.stages.withoutUnreadLines }
        return plan
    }

    /// Calls `body` with the series of each entry, its time as it counts, and the steps that it belongs to.
    ///
    /// - Returns: false where the source cannot say.
    private func forEachSample(
        _ source: Source, _ series: inout LabelTable,
        _ body: (ColumnScan.Sample) throws(QueryError) -> Void
    ) throws(QueryError) -> Bool {
        switch source {
        case .columns(let columns):
            return try columns.forEach(steps, &series, seriesBytes: 160 + steps.count * 17, body)
        case .entries(let plan):
            try forEachEntry(plan, &series, body)
            return true
        }
    }

    private func forEachEntry(
        _ plan: ScanPlan, _ series: inout LabelTable,
        _ body: (ColumnScan.Sample) throws(QueryError) -> Void
    ) throws(QueryError) {
        var key: [UInt8] = []
        let scan = EntryScan(
            run: run, plan: plan, wanted: keys.wanted(plan.stages, range.unwrap),
            readsLines: range.function.readsLine)
        try scan.forEach { (entry) throws(QueryError) in
            var value = 0.0
            if let unwrap = range.unwrap {
                guard let unwrapped = unwrap.value(of: entry) else { return true }
                value = unwrapped
                for filter in unwrap.filters where !filter.run(entry) { return true }
            } else if range.function.readsLine {
                value = Double(entry.line.count)
            }
            let within = steps.steps(of: entry.timestampNs &+ range.offsetNs, rangeNs: range.rangeNs)
            if within.isEmpty { return true }
            if !entry.labels.error.isEmpty { throw Self.pipelineError(entry) }
            key.removeAll(keepingCapacity: true)
            keys.append(entry, to: &key)
            let known = series.count
            let number = series.number(of: key.span)
            if number == known { try run.ledger.hold(bytes: key.count + 128 + steps.count * 17) }
            try body((number, entry.timestampNs &+ range.offsetNs, value, 1, within))
            return true
        }
    }

    private static func clamped(_ ns: Int64, _ changes: Int64...) -> Int64 {
        changes.reduce(ns) { sum, change in
            let (next, overflow) = sum.addingReportingOverflow(change)
            return overflow ? (change < 0 ? .min : .max) : next
        }
    }

    private static func pipelineError(_ entry: PipelineEntry) -> QueryError {
        let kind = entry.labels.error
        let labels = LineCollector.line(entry).labels
        return .execution(
            "pipeline error: '\(kind)' for series: '\(labels.quotedText)'.\nUse a label filter to intentionally skip this error. (e.g | __error__!=\"\(kind)\").\nTo skip all potential errors you can match empty errors.(e.g __error__=\"\")\nThe label filter can also be specified after unwrap. (e.g | unwrap latency | __error__=\"\" )\n"
        )
    }

    private var seconds: Double { Double(range.rangeNs) / 1e9 }

    // MARK: counts

    /// Whole numbers, which are exact in any order: each entry is added at its first step and taken away behind its last.
    private func counted(_ source: Source) throws(QueryError) -> MetricRows? {
        var series = LabelTable()
        let width = steps.count + 1
        var sums: [Double] = []
        var counts: [Int32] = []
        let isCount = !range.function.readsLine
        let isSaid = try forEachSample(source, &series) { (sample) in
            let (number, value, within) = (sample.series, sample.value, sample.steps)
            let end = (number + 1) * width
            if end > counts.count {
                counts.append(contentsOf: repeatElement(0, count: end - counts.count))
                if !isCount { sums.append(contentsOf: repeatElement(0, count: end - sums.count)) }
            }
            counts[number * width + within.lowerBound] += Int32(truncatingIfNeeded: sample.count)
            counts[number * width + within.upperBound] -= Int32(truncatingIfNeeded: sample.count)
            if isCount { return }
            sums[number * width + within.lowerBound] += value
            sums[number * width + within.upperBound] -= value
        }
        guard isSaid else { return nil }
        let perSecond = range.function == .rate || range.function == .bytesRate
        var rows = MetricRows(steps: steps.count)
        for number in 0..<series.count {
            rows.append(series.sets.labels(number))
            var (count, sum): (Int32, Double) = (0, 0)
            for step in 0..<steps.count {
                count += counts[number * width + step]
                if !isCount { sum += sums[number * width + step] }
                if count > 0 {
                    let value = isCount ? Double(count) : sum
                    rows.set(number, step, perSecond ? value / seconds : value)
                }
            }
        }
        return rows
    }

    private func absent(_ source: Source) throws(QueryError) -> MetricRows? {
        var series = LabelTable()
        var isThere = [Bool](repeating: false, count: steps.count)
        let isSaid = try forEachSample(source, &series) { (sample) in
            for step in sample.steps { isThere[step] = true }
        }
        guard isSaid else { return nil }
        var rows = MetricRows(steps: steps.count)
        guard isThere.contains(false) else { return rows }
        rows.append(absentLabels)
        for step in 0..<steps.count where !isThere[step] { rows.set(0, step, 1) }
        return rows
    }

    /// Labels that the selector says the value of.
    private var absentLabels: Labels {
        var builder = LabelsBuilder()
        var seen: Set<String> = []
        for matcher in range.selector.matchers {
            if seen.insert(matcher.name).inserted, matcher.operation == .equal {
                builder.set(matcher.name, matcher.value)
            } else {
                builder.remove(matcher.name)
            }
        }
        return builder.labels()
    }

    // MARK: folds

    private func folded(_ source: Source) throws(QueryError) -> MetricRows? {
        var series = LabelTable()
        let width = steps.count
        var values: [Double] = []
        var counts: [Int32] = []
        let function = range.function
        let isSaid = try forEachSample(source, &series) { (sample) in
            let (number, value, within) = (sample.series, sample.value, sample.steps)
            let end = (number + 1) * width
            if end > counts.count {
                counts.append(contentsOf: repeatElement(0, count: end - counts.count))
                values.append(contentsOf: repeatElement(0, count: end - values.count))
            }
            for step in within {
                let cell = number * width + step
                counts[cell] += 1
                if counts[cell] == 1 {
                    values[cell] = value
                    continue
                }
                switch function {
                case .min: if value < values[cell] || values[cell].isNaN { values[cell] = value }
                case .max: if value > values[cell] || values[cell].isNaN { values[cell] = value }
                default: values[cell] += value
                }
            }
        }
        guard isSaid else { return nil }
        var rows = MetricRows(steps: width)
        for number in 0..<series.count {
            rows.append(series.sets.labels(number))
            for step in 0..<width {
                let cell = number * width + step
                guard counts[cell] > 0 else { continue }
                switch function {
                case .avg: rows.set(number, step, values[cell] / Double(counts[cell]))
                case .rate: rows.set(number, step, values[cell] / seconds)
                default: rows.set(number, step, values[cell])
                }
            }
        }
        return rows
    }

    // MARK: windows

    private func collected(_ source: Source) throws(QueryError) -> MetricRows? {
        var series = LabelTable()
        var samples: [[WindowSample]] = []
        let isSaid = try forEachSample(source, &series) { (sample) throws(QueryError) in
            let number = sample.series
            if number == samples.count { samples.append([]) }
            try run.ledger.hold(bytes: MemoryLayout<WindowSample>.stride, samples: 1)
            samples[number].append(WindowSample(ns: sample.ns, value: sample.value))
        }
        guard isSaid else { return nil }
        // Only for quantiles, which are the same in any order.
        for number in samples.indices { samples[number].putInOrder() }
        var rows = MetricRows(steps: steps.count)
        for number in 0..<series.count {
            rows.append(series.sets.labels(number))
            let own = samples[number]
            var (first, end) = (0, 0)
            for step in 0..<steps.count {
                let at = steps.timestampNs(step)
                while end < own.count, own[end].ns <= at { end += 1 }
                while first < end, own[first].ns <= at - range.rangeNs { first += 1 }
                if first < end, let value = WindowMath.value(range, own[first..<end], atNs: at) {
                    rows.set(number, step, value)
                }
            }
        }
        return rows.withoutEmptyRows()
    }
}

/// By which labels the series of a range aggregation are told apart.
struct SeriesKeys {
    enum Rule {
        case all(without: [[UInt8]])
        case by([[UInt8]])
        case none
    }

    let rule: Rule

    init(_ range: RangeAggregation, outer: Grouping?) {
        let unwrapped = range.unwrap.map { [$0.label.bytes] } ?? []
        if range.function == .absent {
            rule = .none
        } else if let grouping = range.grouping ?? outer {
            let names = Set(grouping.names).map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
            rule = grouping.isWithout ? .all(without: names + unwrapped) : .by(names)
        } else {
            rule = .all(without: unwrapped)
        }
    }

    func append(_ entry: PipelineEntry, to key: inout [UInt8]) {
        switch rule {
        case .all(let without): entry.labels.appendCanonical(without: without, to: &key)
        case .by(let names): entry.labels.appendCanonical(by: names, to: &key)
        case .none: break
        }
    }

    /// Labels that anybody looks at behind the parsers.
    func wanted(_ stages: [any Stage], _ unwrap: Unwrap?) -> WantedLabels {
        var names: [[UInt8]] = []
        switch rule {
        case .all: return .all
        case .by(let by): names = by
        case .none: break
        }
        if let unwrap { names.append(unwrap.label.bytes) }
        for stage in stages + (unwrap?.filters ?? []) as [any Stage] {
            guard let read = stage.read else { return .all }
            names += read.map { Array($0.utf8) }
        }
        return WantedLabels(names: names)
    }
}

extension [any Stage] {
    /// Without what changes a line that nobody looks at any more.
    var withoutUnreadLines: [any Stage] {
        var kept: [any Stage] = []
        var isRead = false
        for stage in reversed() {
            if stage is LineFormatStage || stage is DecolorizeStage, !isRead { continue }
            if stage is LineFilterStage || stage is any ParserStage { isRead = true }
            if let format = stage as? LabelFormatStage, format.read == nil { isRead = true }
            if let format = stage as? LineFormatStage { isRead = format.read == nil }
            kept.append(stage)
        }
        return kept.reversed()
    }
}

extension Unwrap {
    private func conversion(of text: String) -> Result<Double, UnitFailure> {
        switch conversion {
        case .none:
            FloatReading.float(text).map(Result.success)
                ?? .failure(UnitFailure("strconv.ParseFloat: parsing \"\(text)\": invalid syntax"))
        case .duration, .durationSeconds: QueryDuration.value(text).map { Double($0) / 1e9 }
        case .bytes: QueryBytes.value(text).map { Double($0) }
        }
    }

    /// The number that a text stands for; nil for none.
    func converted(_ text: String) -> Double? {
        if case .success(let value) = conversion(of: text) { value } else { nil }
    }

    /// The number that an entry stands for, without its label; nil where it has none. What is no number is an error of
    /// the entry.
    func value(of entry: PipelineEntry) -> Double? {
        guard let text = entry.labels.text(of: label.bytes) else { return nil }
        entry.labels.remove(label.bytes)
        switch conversion(of: text) {
        case .success(let value): return value
        case .failure(let failure):
            entry.labels.fail("SampleExtractionErr", failure.description)
            return 0
        }
    }
}
