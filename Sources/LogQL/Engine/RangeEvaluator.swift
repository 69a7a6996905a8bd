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

    func rows(isNamed: Bool) throws(QueryError) -> MetricRows {
        let plan = plan
        let empty = RangeCells(range, steps)
        if plan.request.order == .any, let columns = try ColumnScan(plan, range, keys, run) {
            var cells = empty
            if try columns.fill(&cells, steps) { return cells.rows(isNamed: isNamed) }
        }
        var cells = empty
        try fill(&cells, plan)
        return cells.rows(isNamed: isNamed)
    }

    // MARK: entries

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

    /// Adds the samples of all entries that pass the pipeline.
    private func fill(_ cells: inout RangeCells, _ plan: ScanPlan) throws(QueryError) {
        var key: [UInt8] = []
        var held = cells.bytes
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
            let number = cells.finder.number(of: key.span)
            cells.add(
                RangeSample(
                    series: number, ns: entry.timestampNs &+ range.offsetNs, value: value, count: 1, steps: within))
            if cells.keepsSamples { try run.ledger.hold(bytes: MemoryLayout<WindowSample>.stride, samples: 1) }
            if cells.bytes > held {
                try run.ledger.hold(bytes: cells.bytes - held)
                held = cells.bytes
            }
            return true
        }
    }

    static func clamped(_ ns: Int64, _ changes: Int64...) -> Int64 {
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
