import Encoding
import Model
import PromQL
import Storage

/// What a selector asks of the store, and what is left to do with what the store gives.
struct ScanPlan {
    var request: LogSelectRequest
    var stages: [any Stage]

    /// - Parameter startNs: the first instant, `endNs` the last, both included.
    init(_ selector: LogSelector, startNs: Int64, endNs: Int64, _ progress: QueryProgress) {
        request = LogSelectRequest(
            matchers: selector.matchers, startNs: startNs, endNs: endNs, cancellation: progress.cancellation)
        stages = []
        var isLineChanged = false
        for stage in selector.stages {
            if !isLineChanged, let filter = stage as? LineFilterStage, push(filter) { continue }
            if stage is LineFormatStage || stage is DecolorizeStage || stage is UnpackStage { isLineChanged = true }
            stages.append(stage)
        }
    }

    /// Has the store leave out entries that label filters are sure to drop, so that their lines are not even built. The
    /// filters are run all the same: the store knows fields, not labels.
    ///
    /// Up to the first stage that changes labels a filter is about a label of the stream, about metadata, or about what
    /// `json` finds, and an entry that has none of them fails it.
    mutating func pushConditions(_ store: any LogStore) throws(QueryError) {
        var conditions: [LogFieldCondition] = []
        for stage in stages {
            if stage is LineFilterStage { continue }
            if let json = stage as? JSONStage, json.extractions.isEmpty { continue }
            guard let filter = stage as? LabelFilterStage else { break }
            conditions += filter.predicate.conditions
        }
        guard !conditions.isEmpty else { return }
        let streams: [Labels]
        do throws(StorageError) {
            streams = try store.streams(
                LabelRequest(
                    selectors: [request.matchers], startMs: request.startNs.milliseconds,
                    endMs: request.endNs.milliseconds))
        } catch {
            throw QueryError(logs: error)
        }
        // A label of a stream takes the name from every field.
        var taken: Set<String> = []
        for stream in streams { for pair in stream.pairs { taken.insert(pair.name) } }
        request.fieldConditions = conditions.filter {
            !taken.contains($0.name) && !$0.name.hasPrefix("__") && !$0.name.hasSuffix("_extracted")
        }
        request.namesAreLabels = true
    }

    /// True where the store does all of the filter's work.
    private mutating func push(_ filter: LineFilterStage) -> Bool {
        if filter.tests.count == 1, case .matches(let expression) = filter.tests[0] {
            request.lineFilters.append(LogLineFilter(matches: expression, isNegative: filter.isNegative))
            return true
        }
        var needles: [[UInt8]] = []
        for test in filter.tests {
            guard case .contains(let needle) = test else { return false }
            needles.append(needle)
        }
        if needles.contains([]) {
            // Every line contains nothing.
            needles = filter.isNegative ? [[]] : []
        }
        if !needles.isEmpty {
            request.lineFilters.append(LogLineFilter(containsAny: needles, isNegative: filter.isNegative))
        }
        return true
    }
}

/// Walks over the entries of a plan and runs its stages.
struct EntryScan {
    let run: LogRun
    let plan: ScanPlan
    let wanted: WantedLabels
    /// Whether `body` looks at lines.
    let readsLines: Bool

    /// Calls `body` with each entry that passes, until it returns false.
    func forEach(_ body: (PipelineEntry) throws(QueryError) -> Bool) throws(QueryError) {
        var plan = plan
        try plan.pushConditions(run.store)
        // What finds labels that nobody looks at is not run: as in Loki, its errors are none then.
        let stages = wanted.isEmpty ? plan.stages.filter { !($0 is any ParserStage) } : plan.stages
        if !readsLines, !stages.contains(where: \.readsLine) {
            plan.request.wantsLines = false
            plan.request.wantsMetadata = true
        }
        let scan: any LogScan
        do throws(StorageError) {
            scan = try run.store.scan(plan.request)
        } catch {
            throw QueryError(logs: error)
        }
        let entry = PipelineEntry()
        entry.wanted = wanted
        var block = LogBlock()
        var stream: Labels?
        while try next(scan, &block) {
            try run.noteBlock(entries: block.count, bytes: block.lineBytes.count)
            let hasLines = plan.request.wantsLines
            for index in 0..<block.count {
                let labels = block.streams[block.streamOf[index]]
                if labels != stream {
                    entry.labels.setStream(labels.bytes.span)
                    stream = labels
                }
                entry.timestampNs = block.timestampsNs[index]
                entry.line.removeAll(keepingCapacity: true)
                if hasLines { entry.line.append(block.lineBytes.span.extracting(block.line(index))) }
                entry.labels.begin(metadata: block.metadataBytes.span.extracting(block.metadata(index)))
                guard entry.pass(stages) else { continue }
                run.noteKept()
                if try !body(entry) { return }
            }
        }
    }

    private func next(_ scan: any LogScan, _ block: inout LogBlock) throws(QueryError) -> Bool {
        do throws(StorageError) {
            return try scan.next(into: &block)
        } catch {
            throw QueryError(logs: error)
        }
    }
}

extension QueryError {
    /// Why the log store could not answer.
    init(logs error: StorageError) {
        switch error {
        case .cancelled: self = .cancelled
        case .limitExceeded: self.init(.limit, "reading logs: \(error)")
        default: self.init(.storage(error), "reading logs: \(error)")
        }
    }
}
