import Encoding
import Model
import Parts
import Storage

/// Finds in chunks and blocks what satisfies a request.
struct UnitSearch {
    private let request: LogSelectRequest
    private let names: [[UInt8]]
    private var reader = EntryFields()
    private let context = UnpackContext()

    typealias TimeRange = (startNs: Int64, endNs: Int64)

    init(_ request: LogSelectRequest) {
        self.request = request
        names = request.fields.map { Array($0.utf8) }
    }

    // MARK: chunks, entry by entry

    mutating func look(
        at chunk: RowChunk, of head: PinnedHead, _ range: TimeRange, _ streams: inout ScanStreams,
        into found: inout LogBlock
    ) {
        guard chunk.streams.contains(where: { head.isWanted[Int($0)] }) else { return }
        let rows = chunk.read()
        for row in 0..<rows.count {
            let stream = chunk.streams[rows.stream(row)]
            let timestampNs = rows.timestampNs(row)
            guard timestampNs >= range.startNs, timestampNs <= range.endNs, head.shows(stream, timestampNs) else {
                continue
            }
            let line = rows.bytes.span.extracting(rows.line(row))
            let metadata = rows.bytes.span.extracting(rows.metadata(row))
            guard satisfies(line, metadata) else { continue }
            found.streamOf.append(head.number(stream, in: &streams))
            found.timestampsNs.append(timestampNs)
            if request.wantsLines {
                found.lineBytes.append(line)
                found.lineEnds.append(found.lineBytes.count)
            }
            if request.wantsLines || request.wantsMetadata {
                found.metadataBytes.append(metadata)
                found.metadataEnds.append(found.metadataBytes.count)
            }
            for (field, name) in names.enumerated() {
                reader.appendValue(
                    name, line, metadata, asLabels: request.namesAreLabels, to: &found.fields[field].bytes)
                found.fields[field].ends.append(found.fields[field].bytes.count)
            }
        }
    }

    private mutating func satisfies(_ line: Span<UInt8>, _ metadata: Span<UInt8>) -> Bool {
        for filter in request.lineFilters
        where ByteSearch.contains(filter.needle.span, in: line) == filter.isNegative { return false }
        for condition in request.fieldConditions {
            var value: [UInt8] = []
            reader.appendValue(
                Array(condition.name.utf8), line, metadata, asLabels: request.namesAreLabels, to: &value)
            if !condition.holds(value.span) { return false }
        }
        return true
    }

    // MARK: blocks, column by column

    mutating func look(
        at number: Int, of pinned: PinnedPart, _ range: TimeRange, _ streams: inout ScanStreams,
        into found: inout LogBlock
    ) throws {
        let part = pinned.part.content
        let entry = part.entries[number]
        let runs = try part.runs(entry)
        guard runs.contains(where: { pinned.isWanted[Int($0.stream)] }) else { return }
        let block = try part.reader(entry, context)
        var marks = [Bool](repeating: false, count: entry.rows)
        let hides = pinned.exclusions.mayHide(entry)
        var start = 0
        var isAny = false
        for run in runs {
            defer { start += run.rows }
            guard pinned.isWanted[Int(run.stream)] else { continue }
            for row in start..<(start + run.rows) {
                let timestampNs = block.timestampsNs[row]
                guard timestampNs >= range.startNs, timestampNs <= range.endNs else { continue }
                if hides && pinned.exclusions.hides(run.stream, timestampNs) { continue }
                marks[row] = true
                isAny = true
            }
        }
        guard isAny else { return }
        for filter in request.lineFilters {
            try block.apply(filter, to: &marks)
            guard marks.contains(true) else { return }
        }
        for condition in request.fieldConditions {
            try block.apply(condition, asLabels: request.namesAreLabels, to: &marks)
            guard marks.contains(true) else { return }
        }
        try collect(block, marks, runs, pinned, &streams, into: &found)
    }

    private func collect(
        _ block: BlockReader, _ marks: [Bool], _ runs: [(stream: UInt32, rows: Int)], _ pinned: PinnedPart,
        _ streams: inout ScanStreams, into found: inout LogBlock
    ) throws {
        let places = names.map { block.fieldPlaces($0, asLabels: request.namesAreLabels) }
        var start = 0
        for run in runs {
            defer { start += run.rows }
            for row in start..<(start + run.rows) where marks[row] {
                found.streamOf.append(try pinned.number(run.stream, in: &streams))
                found.timestampsNs.append(block.timestampsNs[row])
                if request.wantsLines {
                    try block.appendLine(row, to: &found.lineBytes)
                    found.lineEnds.append(found.lineBytes.count)
                }
                if request.wantsLines || request.wantsMetadata {
                    try block.appendMetadata(row, to: &found.metadataBytes)
                    found.metadataEnds.append(found.metadataBytes.count)
                }
                for field in places.indices {
                    if let place = places[field][Int(block.shapeOf[row])] {
                        try block.appendValue(place, row, to: &found.fields[field].bytes)
                    }
                    found.fields[field].ends.append(found.fields[field].bytes.count)
                }
            }
        }
    }
}

/// Fields of single entries, by name.
struct EntryFields {
    private var fields = LogFields()

    /// Appends the value of a field as it reads without escapes; nothing where the entry has none.
    mutating func appendValue(
        _ name: [UInt8], _ line: Span<UInt8>, _ metadata: Span<UInt8>, asLabels: Bool, to output: inout [UInt8]
    ) {
        if !metadata.isEmpty, let range = LabelCursor.valueRange(of: name.span, in: metadata) {
            output.append(metadata.extracting(range))
            return
        }
        fields.scan(line)
        var found: [UInt8] = []
        for field in fields.fields {
            found.removeAll(keepingCapacity: true)
            fields.appendName(of: field, in: line, to: &found)
            if asLabels { FieldLabel.sanitize(&found) }
            guard found == name else { continue }
            LogFields.append(
                line.extracting(field.value.asInt), hasEscapes: field.valueHasEscapes, to: &output)
            return
        }
    }
}
