import Encoding
import Model
import Posix
import PromQL
import Storage
import Synchronization

/// Samples of a range aggregation from columns alone: where a pipeline does nothing but find fields and compare them, no
/// line is put together and nothing is done per entry that can be done per value.
///
/// It gives up, and lines have to be read, on the first entry of which columns cannot say what the pipeline would make.
struct ColumnScan: Sendable {
    private let run: LogRun
    private let request: LogSelectRequest
    private let parsed: LogFields.Format
    private let filters: [ColumnFilter]
    private let keys: ColumnKeys
    private let unwrap: Unwrap?
    private let rangeNs: Int64
    private let offsetNs: Int64
    /// Index of the unwrapped label among the request's fields.
    private let unwrapped: Int

    /// Nil where the pipeline does more.
    init?(_ plan: ScanPlan, _ range: RangeAggregation, _ keys: SeriesKeys, _ run: LogRun) throws(QueryError) {
        guard !range.function.readsLine, range.unwrap?.filters.isEmpty ?? true else { return nil }
        var plan = plan
        if keys.wanted(plan.stages, range.unwrap).isEmpty { plan.stages.removeAll { $0 is any ParserStage } }
        guard let parsed = Self.parser(of: plan.stages) else { return nil }
        var fields = ColumnFields()
        guard let keys = ColumnKeys(keys, unwrap: range.unwrap, isParsed: parsed != .plain, &fields) else { return nil }
        var filters: [ColumnFilter] = []
        for case let stage as LabelFilterStage in plan.stages {
            guard let filter = ColumnFilter(stage.predicate, &fields) else { return nil }
            filters.append(filter)
        }
        unwrapped = range.unwrap.map { fields.index(of: $0.label.bytes, isNumber: $0.conversion == .none) } ?? 0
        guard fields.areSayable else { return nil }
        try plan.pushConditions(run.store)
        var request = plan.request
        request.wantsLines = false
        request.fields = fields.wanted
        request.fieldFormat = parsed
        request.wantsFormats = parsed != .plain || keys.isAll
        request.namesAreLabels = true
        (self.run, self.request, self.parsed, self.filters) = (run, request, parsed, filters)
        (self.keys, unwrap) = (keys, range.unwrap)
        (rangeNs, offsetNs) = (range.rangeNs, range.offsetNs)
    }

    /// The format that the pipeline reads, `plain` for none; nil where there is a stage that columns know nothing of.
    private static func parser(of stages: [any Stage]) -> LogFields.Format? {
        var parsed = LogFields.Format.plain
        for (place, stage) in stages.enumerated() {
            switch stage {
            case is LabelFilterStage: continue
            case let json as JSONStage where json.extractions.isEmpty && place == 0: parsed = .json
            case let logfmt as LogfmtStage
            where logfmt.extractions.isEmpty && !logfmt.isStrict && !logfmt.keepsEmpty && place == 0:
                parsed = .logfmt
            default: return nil
            }
        }
        return parsed
    }

    /// Adds the samples that belong to a step to `cells`, which are empty.
    ///
    /// - Returns: false where columns could not say; what `cells` hold counts for nothing then.
    func fill(_ cells: inout RangeCells, _ steps: TimeSteps) throws(QueryError) -> Bool {
        let pieces: LogPieces?
        do throws(StorageError) {
            pieces = try run.store.pieces(request)
        } catch {
            throw QueryError(logs: error)
        }
        if let pieces { return try fill(&cells, steps, pieces) }
        var window = StepWindow(steps, rangeNs: rangeNs)
        var block = LogBlock()
        let scan = try scan()
        while try next(scan, &block) {
            guard try tell(block, &window, &cells) else { return false }
        }
        return true
    }

    /// Several threads read pieces, each into cells of its own.
    private func fill(_ cells: inout RangeCells, _ steps: TimeSteps, _ pieces: LogPieces) throws(QueryError) -> Bool {
        let turn = PieceTurn(pieces, isSteady: cells.dependsOnOrder)
        let empty = cells
        let parts = try pieces.workers.map(parts: turn.parts) { (part) throws(QueryError) -> RangeCells? in
            var cells = empty
            var window = StepWindow(steps, rangeNs: rangeNs)
            var block = LogBlock()
            var isWhole = false
            // Who fails, fails for all.
            defer { if !isWhole { turn.end() } }
            while let piece = turn.next(of: part) {
                do throws(StorageError) {
                    try pieces.read(piece, into: &block)
                } catch {
                    throw QueryError(logs: error)
                }
                guard try tell(block, &window, &cells) else { return nil }
            }
            isWhole = true
            return cells
        }
        for part in parts {
            guard let part else { return false }
            try run.ledger.hold(bytes: cells.isEmpty ? 0 : part.bytes)
            cells.add(all: part)
        }
        return true
    }

    /// Adds the samples of a block, all columns taken out of it before the loop over its entries.
    private func tell(
        _ block: LogBlock, _ window: inout StepWindow, _ cells: inout RangeCells
    ) throws(QueryError) -> Bool {
        try run.noteBlock(entries: block.count, bytes: 0)
        if block.count == 0 { return true }
        if keys.isAll && block.mayHaveMetadata { return false }
        guard let kept = kept(block) else { return false }
        let before = cells.bytes
        var groups = ColumnGroups(keys, block, &cells.finder)
        let (timestampsNs, formats) = (block.timestampsNs, parsed == .plain ? [] : block.formats)
        let plain = plainNumbers(block)
        let (codes, values) = (plain?.codes ?? [], plain?.numbers ?? [])
        var same = RangeSample(series: -1, ns: 0, value: 0, count: 0, steps: 0..<0)
        var told = 0
        for entry in timestampsNs.indices where kept.isEmpty || kept[entry] == ColumnFilter.passes {
            var value = 0.0
            if plain != nil {
                let code = codes[entry]
                if code == LogBlock.Field.absent { continue }
                guard let number = values[Int(code)] else { return false }
                value = number
            } else if let unwrap {
                switch number(entry, of: unwrap, block) {
                case .some(.some(let number)): value = number
                case .some(.none): continue
                case .none: return false
                }
            }
            let ns = timestampsNs[entry] &+ offsetNs
            let within = window.steps(of: ns)
            if within.isEmpty { continue }
            if !formats.isEmpty && formats[entry] != parsed { return false }
            var number = groups.known(entry)
            if number < 0 { number = groups.find(entry, block, &cells.finder) }
            told += 1
            if unwrap != nil {
                cells.add(RangeSample(series: number, ns: ns, value: value, count: 1, steps: within))
            } else if number == same.series && within == same.steps {
                same.count += 1
            } else {
                if same.count > 0 { cells.add(same) }
                same = RangeSample(series: number, ns: ns, value: 0, count: 1, steps: within)
            }
        }
        if same.count > 0 { cells.add(same) }
        try run.ledger.hold(
            bytes: cells.bytes - before + (cells.keepsSamples ? told * MemoryLayout<WindowSample>.stride : 0),
            samples: cells.keepsSamples ? told : 0)
        run.noteKept(told)
        return true
    }

    private func scan() throws(QueryError) -> any LogScan {
        do throws(StorageError) {
            return try run.store.scan(request)
        } catch {
            throw QueryError(logs: error)
        }
    }

    private func next(_ scan: any LogScan, _ block: inout LogBlock) throws(QueryError) -> Bool {
        do throws(StorageError) {
            return try scan.next(into: &block)
        } catch {
            throw QueryError(logs: error)
        }
    }

    /// For each entry whether it passes the filters, empty for all; nil where that cannot be said.
    private func kept(_ block: LogBlock) -> [UInt8]? {
        if parsed == .logfmt, block.formats.contains(where: { $0 != .logfmt }) { return nil }
        var kept: [UInt8] = []
        for filter in filters {
            let own = filter.verdicts(block)
            if kept.isEmpty {
                kept = own
            } else {
                for entry in kept.indices where kept[entry] == ColumnFilter.passes { kept[entry] = own[entry] }
            }
        }
        return kept.contains(ColumnFilter.unsayable) ? nil : kept
    }

    /// What is unwrapped where that is a number in a column and nothing else; nil where more has to be looked at.
    private func plainNumbers(_ block: LogBlock) -> LogBlock.Field? {
        guard let unwrap, request.fields[unwrapped].isNumber else { return nil }
        let isLabel = block.streams.contains { $0.valueRange(of: unwrap.label.bytes.span) != nil }
        return isLabel ? nil : block.fields[unwrapped]
    }

    /// The number that an entry stands for: nil within where it has none, nil where that cannot be said.
    private func number(_ entry: Int, of unwrap: Unwrap, _ block: LogBlock) -> Double?? {
        let stream = block.streams[block.streamOf[entry]]
        if let range = stream.valueRange(of: unwrap.label.bytes.span) {
            return unwrap.converted(String(decoding: stream.bytes[range], as: UTF8.self)).map { .some($0) }
        }
        let code = block.fields[unwrapped].codes[entry]
        guard code != LogBlock.Field.absent else { return .some(.none) }
        if request.fields[unwrapped].isNumber {
            return block.fields[unwrapped].numbers[Int(code)].map { .some($0) }
        }
        let text = String(
            decoding: block.fields[unwrapped].bytes[block.fields[unwrapped].range(code)], as: UTF8.self)
        return unwrap.converted(text).map { .some($0) }
    }
}

/// Deals pieces out to the parts of a work.
private final class PieceTurn: Sendable {
    let parts: Int
    private let pieces: Int
    private let isSteady: Bool
    private let taken: [Place]

    private final class Place: Sendable {
        let next = Atomic<Int>(0)
    }

    /// Parts of a steady dealing: the same on every machine, and enough for a few threads.
    private static let steadyParts = 4

    /// - Parameter isSteady: whether each part gets the same pieces whoever comes first, all of them in order.
    init(_ pieces: LogPieces, isSteady: Bool) {
        self.pieces = pieces.count
        self.isSteady = isSteady
        parts = min(pieces.count, isSteady ? Self.steadyParts : pieces.workers.width)
        taken = (0..<(isSteady ? parts : 1)).map { _ in Place() }
    }

    func next(of part: Int) -> Int? {
        let count = taken[isSteady ? part : 0].next.wrappingAdd(1, ordering: .relaxed).oldValue
        let piece = isSteady ? pieces * part / parts + count : count
        return piece < (isSteady ? pieces * (part + 1) / parts : pieces) ? piece : nil
    }

    /// Nobody gets another piece.
    func end() {
        for place in taken { place.next.store(pieces, ordering: .relaxed) }
    }
}

/// The fields that a column scan asks for.
struct ColumnFields {
    private(set) var wanted: [LogWantedField] = []

    /// The place of a field. One whose text is wanted anywhere is told as text.
    mutating func index(of name: [UInt8], isNumber: Bool) -> Int {
        let text = String(decoding: name, as: UTF8.self)
        if let known = wanted.firstIndex(where: { $0.name == text }) {
            if !isNumber { wanted[known].isNumber = false }
            return known
        }
        wanted.append(LogWantedField(text, isNumber: isNumber))
        return wanted.count - 1
    }

    /// Whether labels of these names can only be what a stream, metadata or a field has of the same name.
    var areSayable: Bool {
        wanted.allSatisfy { field in
            !field.name.hasPrefix("__") && !field.name.hasSuffix(String(decoding: EntryLabels.suffix, as: UTF8.self))
        }
    }
}
