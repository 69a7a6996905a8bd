import LabelIndex
import Model
import Parts
import Posix
package import Storage

extension LogDatabase {
    package func scan(_ request: LogSelectRequest) throws(StorageError) -> any LogScan {
        if request.cancellation.isRaised { throw .cancelled }
        return try DatabaseScan(self, request, try units(of: request))
    }

    package func pieces(_ request: LogSelectRequest) throws(StorageError) -> LogPieces? {
        guard request.order == .any, request.limit == nil else { return nil }
        if request.cancellation.isRaised { throw .cancelled }
        let units = try units(of: request)
        return LogPieces(count: units.count, workers: workers) { [self] (piece, block) throws(StorageError) in
            try DatabaseScan.read(units[piece], request, in: self, into: &block)
        }
    }

    /// What can be read at this instant: the head and the view under the head's lock, for a flush moves entries from the
    /// one to the other under it.
    func pin() -> (index: MemoryLabelIndex, chunks: [RowChunk], view: LogView) {
        head.withLock { head in
            let view = view.withLock { $0 }
            return (head.index, head.chunks, view)
        }
    }

    /// Chunks and blocks that may hold what is asked for.
    func units(of request: LogSelectRequest) throws(StorageError) -> [ScanUnit] {
        let (index, chunks, view) = pin()
        var units: [ScanUnit] = []
        let filters = request.lineFilters.filter { !$0.isNegative && !$0.foldsCase && !$0.needles.isEmpty }.map {
            $0.needles.map { PreparedNeedle($0) }
        }
        let nowMs = time.wallMs
        for part in view.parts {
            guard part.info.maxTimeMs >= request.startNs.milliseconds,
                part.info.minTimeMs <= request.endNs.milliseconds
            else { continue }
            do {
                guard let pinned = try PinnedPart(part, view.state, options, request, nowMs: nowMs) else { continue }
                for (number, entry) in part.content.entries.enumerated() where pinned.mayHold(entry, request) {
                    if try part.content.mayHold(filters, entry) { units.append(.block(pinned, number)) }
                }
            } catch {
                throw quarantine(part, error)
            }
        }
        let heads = [(index, chunks)] + (view.flushing.map { [($0.index, $0.chunks)] } ?? [])
        for (index, chunks) in heads where !chunks.isEmpty {
            do throws(LabelIndexError) {
                let pinned = try PinnedHead(index, options, request, nowMs: nowMs)
                for chunk in chunks where chunk.minNs <= request.endNs && chunk.maxNs >= request.startNs {
                    units.append(.chunk(pinned, chunk))
                }
            } catch {
                preconditionFailure("BUG: the index of the head cannot be read: \(error)")
            }
        }
        return units
    }

    /// Stops serving a part that was found damaged. The rest is served.
    @discardableResult
    func quarantine(_ part: StoredLogPart, _ damage: any Error) -> StorageError {
        let isServed = view.withLock { view in
            defer { view.parts.removeAll { $0 === part } }
            return view.parts.contains { $0 === part }
        }
        if isServed {
            note("\(parts.quarantine(part, .corrupt(file: LogPartFormat.blocksFile, reason: "\(damage)")))")
        }
        return .corrupt(file: part.info.name, offset: 0, reason: "\(damage)")
    }
}

/// A part with what a request asks of it.
final class PinnedPart: Sendable {
    let part: StoredLogPart
    /// By stream of the part.
    let isWanted: [Bool]
    let exclusions: Exclusions

    /// Nil where no stream is meant.
    init?(
        _ part: StoredLogPart, _ state: LogState, _ options: LogStoreOptions, _ request: LogSelectRequest, nowMs: Int64
    ) throws(LabelIndexError) {
        self.part = part
        isWanted = try PartStreams.matching(any: [request.matchers], in: part.content)
        exclusions = try Exclusions(part.content, state, options, nowMs: nowMs)
        if !isWanted.contains(true) { return nil }
    }

    func mayHold(_ entry: BlockEntry, _ request: LogSelectRequest) -> Bool {
        entry.minNs <= request.endNs && entry.maxNs >= request.startNs
            && isWanted[Int(entry.firstStream)...Int(entry.lastStream)].contains(true)
    }

    /// The number of a stream in the scan.
    func number(_ stream: UInt32, in streams: inout ScanStreams) throws(LabelIndexError) -> Int {
        let place = ScanStreams.Place(source: ObjectIdentifier(self), stream: stream)
        if let known = streams.known[place] { return known }
        let number = streams.number(of: try part.content.labels(of: stream))
        streams.known[place] = number
        return number
    }
}

/// The index of a head with what a request asks of it.
final class PinnedHead: Sendable {
    private let index: MemoryLabelIndex
    let isWanted: [Bool]
    /// By stream, the first instant that is still kept.
    private let firstKept: [Int64]

    init(
        _ index: MemoryLabelIndex, _ options: LogStoreOptions, _ request: LogSelectRequest, nowMs: Int64
    ) throws(LabelIndexError) {
        self.index = index
        var isWanted = [Bool](repeating: false, count: index.count)
        try index.matching(request.matchers).forEach { isWanted[Int($0)] = true }
        self.isWanted = isWanted
        let general = options.retentionMs.map { Exclusions.lastExpired($0, nowMs).addingClamped(1) } ?? .min
        var firstKept = [Int64](repeating: general, count: index.count)
        var claimed = [Bool](repeating: false, count: index.count)
        for rule in options.retentionRules {
            let cutoff = Exclusions.lastExpired(rule.retentionMs, nowMs).addingClamped(1)
            try index.matching(rule.matchers).forEach { stream in
                if !claimed[Int(stream)] { firstKept[Int(stream)] = max(general, cutoff) }
                claimed[Int(stream)] = true
            }
        }
        self.firstKept = firstKept
    }

    func shows(_ stream: UInt32, _ timestampNs: Int64) -> Bool {
        isWanted[Int(stream)] && timestampNs >= firstKept[Int(stream)]
    }

    func number(_ stream: UInt32, in streams: inout ScanStreams) -> Int {
        let place = ScanStreams.Place(source: ObjectIdentifier(self), stream: stream)
        if let known = streams.known[place] { return known }
        var bytes: [UInt8] = []
        index.appendLabels(Int(stream), to: &bytes)
        let number = streams.number(of: Labels(canonical: bytes))
        streams.known[place] = number
        return number
    }
}

/// The streams that a scan has met.
struct ScanStreams {
    private(set) var labels: [Labels] = []
    private var numbers: [Labels: Int] = [:]
    /// Of streams of parts and heads that were asked for before.
    var known: [Place: Int] = [:]

    struct Place: Hashable {
        /// The part or head, which the scan holds.
        var source: ObjectIdentifier
        var stream: UInt32
    }

    mutating func number(of stream: Labels) -> Int {
        if let known = numbers[stream] { return known }
        numbers[stream] = labels.count
        labels.append(stream)
        return labels.count - 1
    }
}

/// A piece of what is stored that is looked at in one go.
enum ScanUnit: Sendable {
    case chunk(PinnedHead, RowChunk)
    case block(PinnedPart, Int)

    var minNs: Int64 {
        switch self {
        case .chunk(_, let chunk): chunk.minNs
        case .block(let part, let number): part.part.content.entries[number].minNs
        }
    }

    var maxNs: Int64 {
        switch self {
        case .chunk(_, let chunk): chunk.maxNs
        case .block(let part, let number): part.part.content.entries[number].maxNs
        }
    }
}
