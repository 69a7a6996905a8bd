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

    /// True where the store does all of the filter's work.
    private mutating func push(_ filter: LineFilterStage) -> Bool {
        guard filter.isNegative || filter.tests.count == 1 else { return false }
        var needles: [[UInt8]] = []
        for test in filter.tests {
            guard case .contains(let needle) = test else { return false }
            needles.append(needle)
        }
        for needle in needles where filter.isNegative || !needle.isEmpty {
            request.lineFilters.append(LogLineFilter(contains: needle, isNegative: filter.isNegative))
        }
        return true
    }
}

/// Walks over the entries of a plan and runs its stages.
struct EntryScan {
    let run: LogRun
    let plan: ScanPlan
    let wanted: WantedLabels

    /// Calls `body` with each entry that passes, until it returns false.
    func forEach(_ body: (PipelineEntry) throws(QueryError) -> Bool) throws(QueryError) {
        let scan: any LogScan
        do throws(StorageError) {
            scan = try run.store.scan(plan.request)
        } catch {
            throw QueryError(logs: error)
        }
        // What finds labels that nobody looks at is not run: as in Loki, its errors are none then.
        let stages = wanted.isEmpty ? plan.stages.filter { !($0 is any ParserStage) } : plan.stages
        let entry = PipelineEntry()
        entry.wanted = wanted
        var block = LogBlock()
        var stream: Labels?
        while try next(scan, &block) {
            try run.noteBlock(entries: block.count, bytes: block.lineBytes.count)
            for index in 0..<block.count {
                let labels = block.streams[block.streamOf[index]]
                if labels != stream {
                    entry.labels.setStream(labels.bytes.span)
                    stream = labels
                }
                entry.timestampNs = block.timestampsNs[index]
                entry.line.removeAll(keepingCapacity: true)
                entry.line.append(block.lineBytes.span.extracting(block.line(index)))
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
