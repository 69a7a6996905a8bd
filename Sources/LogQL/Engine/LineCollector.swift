import Encoding
package import Model
import PromQL
import Storage

/// An entry of an answer.
package struct ResultLine: Sendable {
    package var timestampNs: Int64
    package var line: [UInt8]
    /// All labels, which may be empty ones.
    package var labels: Labels
    /// Those of them that came from the entry's metadata.
    package var metadata: Labels
    /// Those of them that stages have found or set.
    package var parsed: Labels
}

/// Gathers the entries that a question asks for.
struct LineCollector {
    private let question: LogEngine.LineQuestion
    private static let entryBytes = 160

    init(_ question: LogEngine.LineQuestion) { self.question = question }

    func collect(_ run: LogRun) throws(QueryError) -> [ResultLine] {
        guard question.endNs > question.startNs, question.limit > 0 else { return [] }
        var plan = ScanPlan(
            question.selector, startNs: question.startNs, endNs: question.endNs - 1, run.progress)
        plan.request.order = question.isForward ? .oldestFirst : .newestFirst
        // Stages may drop what the store gives: it is asked for more until there are enough.
        var asked = plan.stages.isEmpty ? question.limit : max(question.limit, Self.askedMin)
        while true {
            plan.request.limit = asked <= Self.askedMax ? asked : nil
            let before = run.entriesRead
            let lines = try lines(plan, run)
            let isAll = plan.request.limit == nil || run.entriesRead - before < asked
            if isAll || lines.count == question.limit { return lines }
            asked *= 8
        }
    }

    private static let askedMin = 256
    private static let askedMax = 1 << 20

    private func lines(_ plan: ScanPlan, _ run: LogRun) throws(QueryError) -> [ResultLine] {
        var lines: [ResultLine] = []
        let scan = EntryScan(run: run, plan: plan, wanted: .all, readsLines: true)
        try scan.forEach { (entry) throws(QueryError) in
            let line = Self.line(entry)
            try run.ledger.hold(bytes: line.line.count + line.labels.bytes.count + Self.entryBytes)
            lines.append(line)
            return lines.count < question.limit
        }
        return lines
    }

    static func line(_ entry: PipelineEntry) -> ResultLine {
        if !entry.labels.error.isEmpty {
            entry.labels.showError()
        }
        var all: [UInt8] = []
        var metadata: [UInt8] = []
        var parsed: [UInt8] = []
        entry.labels.appendCanonical(to: &all)
        entry.labels.appendCanonical(of: .metadata, to: &metadata)
        entry.labels.appendCanonical(of: .parsed, to: &parsed)
        return ResultLine(
            timestampNs: entry.timestampNs, line: entry.line, labels: Labels(canonical: all),
            metadata: Labels(canonical: metadata), parsed: Labels(canonical: parsed))
    }
}
