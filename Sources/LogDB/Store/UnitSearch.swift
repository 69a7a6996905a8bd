import Encoding
import Model
import Parts
import Storage

/// Finds in chunks and blocks what satisfies a request.
struct UnitSearch {
    private let database: LogDatabase
    private let request: LogSelectRequest
    private let names: [[UInt8]]
    private var reader = EntryFields()

    /// Within these times, and with an order and a limit only so many of what comes first.
    struct Bounds {
        var startNs: Int64
        var endNs: Int64
        var limit = Int.max
    }

    init(_ request: LogSelectRequest, in database: LogDatabase) {
        self.request = request
        self.database = database
        names = request.fields.map { Array($0.name.utf8) }
    }

    // MARK: chunks, entry by entry

    mutating func look(
        at chunk: RowChunk, of head: PinnedHead, _ bounds: Bounds, _ streams: inout ScanStreams,
        into found: inout LogBlock
    ) {
        guard chunk.streams.contains(where: { head.isWanted[Int($0)] }) else { return }
        let rows = chunk.read()
        let bytes = rows.bytes
        for row in 0..<rows.count {
            let stream = chunk.streams[rows.stream(row)]
            let timestampNs = rows.timestampNs(row)
            guard timestampNs >= bounds.startNs, timestampNs <= bounds.endNs, head.shows(stream, timestampNs) else {
                continue
            }
            let line = bytes.span.extracting(rows.line(row))
            let metadata = bytes.span.extracting(rows.metadata(row))
            reader.begin()
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
            tellFields(line, metadata, into: &found)
        }
    }

    private mutating func satisfies(_ line: Span<UInt8>, _ metadata: Span<UInt8>) -> Bool {
        for filter in request.lineFilters where !filter.holds(line) { return false }
        for condition in request.fieldConditions {
            var value: [UInt8] = []
            reader.appendValue(
                Array(condition.name.utf8), line, metadata, asLabels: request.namesAreLabels, to: &value)
            if !condition.holds(value.span) { return false }
        }
        return true
    }

    private mutating func tellFields(_ line: Span<UInt8>, _ metadata: Span<UInt8>, into found: inout LogBlock) {
        if request.wantsFormats {
            found.formats.append(reader.format(of: line))
            if !metadata.isEmpty { found.mayHaveMetadata = true }
        }
        for (number, name) in names.enumerated() {
            let code = reader.tell(name, request.fields[number], line, metadata, request, into: &found.fields[number])
            found.fields[number].codes.append(code)
        }
    }

    // MARK: blocks, column by column

    mutating func look(
        at number: Int, of pinned: PinnedPart, _ bounds: Bounds, _ streams: inout ScanStreams,
        into found: inout LogBlock
    ) throws {
        let part = pinned.part.content
        let runs = try part.runs(part.entries[number])
        guard runs.contains(where: { pinned.isWanted[Int($0.stream)] }) else { return }
        let stored = try database.block(number, of: pinned.part)
        defer { database.blocks.keep(stored, .init(part: pinned.part.info.number, block: number)) }
        let block = BlockReader(stored)
        let times = try block.timestampsNs()
        guard var marks = marks(part.entries[number], runs, times, pinned, bounds) else { return }
        for filter in request.lineFilters {
            try block.apply(filter, to: &marks)
            guard marks.isAnySet else { return }
        }
        for condition in request.fieldConditions {
            try block.apply(condition, asLabels: request.namesAreLabels, to: &marks)
            guard marks.isAnySet else { return }
        }
        if request.order != .any, bounds.limit < marks.count { keepFirst(bounds.limit, times, &marks) }
        var rows: [Int32] = []
        let isAll = marks.areAllSet
        var start = 0
        for run in runs {
            let before = rows.count
            if isAll {
                rows.append(contentsOf: Int32(start)..<Int32(start + run.rows))
            } else {
                marks.forEachSet(in: start..<(start + run.rows)) { rows.append(Int32($0)) }
            }
            start += run.rows
            guard rows.count > before else { continue }
            let stream = try pinned.number(run.stream, in: &streams)
            found.streamOf.append(contentsOf: repeatElement(stream, count: rows.count - before))
        }
        try collect(block, rows, times, into: &found)
    }

    /// The rows of wanted streams within the bounds; nil where there is none.
    private func marks(
        _ entry: BlockEntry, _ runs: [(stream: UInt32, rows: Int)], _ times: [Int64], _ pinned: PinnedPart,
        _ bounds: Bounds
    ) -> [Bool]? {
        var marks: [Bool] = []
        marks.reserveCapacity(entry.rows)
        let hides = pinned.exclusions.mayHide(entry)
        let isWithin = entry.minNs >= bounds.startNs && entry.maxNs <= bounds.endNs
        var start = 0
        for run in runs {
            let rows = start..<(start + run.rows)
            start += run.rows
            let isWanted = pinned.isWanted[Int(run.stream)]
            if !isWanted || isWithin && !hides {
                marks.append(contentsOf: repeatElement(isWanted, count: run.rows))
                continue
            }
            for time in times[rows] {
                let isWithin = time >= bounds.startNs && time <= bounds.endNs
                marks.append(isWithin && !(hides && pinned.exclusions.hides(run.stream, time)))
            }
        }
        return marks.isAnySet ? marks : nil
    }

    /// Clears the marks of rows before which, in the order of the request, there are `limit` others.
    private func keepFirst(_ limit: Int, _ times: [Int64], _ marks: inout [Bool]) {
        let isNewestFirst = request.order == .newestFirst
        // Ascending, by how much they are wanted; streams are in order of time, so few are put in place in vain.
        var best: [Int64] = []
        for place in marks.indices {
            let row = isNewestFirst ? marks.count - 1 - place : place
            guard marks[row] else { continue }
            let worth = isNewestFirst ? times[row] : ~times[row]
            if best.count == limit {
                guard worth > best[0] else { continue }
                best.removeFirst()
            }
            var (low, high) = (0, best.count)
            while low < high {
                let middle = (low + high) / 2
                if best[middle] < worth { low = middle + 1 } else { high = middle }
            }
            best.insert(worth, at: low)
        }
        guard best.count == limit, let least = best.first else { return }
        for row in marks.indices where marks[row] {
            if (isNewestFirst ? times[row] : ~times[row]) < least { marks[row] = false }
        }
    }

    private func collect(_ block: BlockReader, _ rows: [Int32], _ times: [Int64], into found: inout LogBlock) throws {
        if rows.count == times.count {
            found.timestampsNs += times
        } else {
            found.timestampsNs.append(contentsOf: rows.lazy.map { times[Int($0)] })
        }
        if request.wantsLines {
            for row in rows {
                try block.appendLine(Int(row), to: &found.lineBytes)
                found.lineEnds.append(found.lineBytes.count)
            }
        }
        if request.wantsLines || request.wantsMetadata {
            for row in rows {
                try block.appendMetadata(Int(row), to: &found.metadataBytes)
                found.metadataEnds.append(found.metadataBytes.count)
            }
        }
        if request.wantsFormats {
            let formats = block.shapes.map(block.format(ofShape:))
            if let first = formats.first, formats.allSatisfy({ $0 == first }) {
                found.formats.append(contentsOf: repeatElement(first, count: rows.count))
            } else {
                let shapeOf = block.shapeOf
                found.formats.append(contentsOf: rows.lazy.map { formats[Int(shapeOf[Int($0)])] })
            }
            if block.shapes.contains(where: { !$0.metadataColumns.isEmpty }) { found.mayHaveMetadata = true }
        }
        for (number, wanted) in request.fields.enumerated() {
            var teller = try FieldTeller(wanted, of: block, request)
            teller.tell(rows, block.shapeOf, into: &found.fields[number])
        }
    }
}

/// Fields of single entries, by name.
struct EntryFields {
    private var fields = LogFields()
    private var isScanned = false
    private var name: [UInt8] = []

    /// Before the first question about another line.
    mutating func begin() { isScanned = false }

    private mutating func scan(_ line: Span<UInt8>) {
        if isScanned { return }
        fields.scan(line)
        isScanned = true
    }

    mutating func format(of line: Span<UInt8>) -> LogFields.Format {
        scan(line)
        return fields.format
    }

    /// Appends the value of a field as it reads without escapes; nothing where the entry has none.
    mutating func appendValue(
        _ name: [UInt8], _ line: Span<UInt8>, _ metadata: Span<UInt8>, asLabels: Bool, to output: inout [UInt8]
    ) {
        if !metadata.isEmpty, let range = LabelCursor.valueRange(of: name.span, in: metadata) {
            output.append(metadata.extracting(range))
            return
        }
        scan(line)
        for field in fields.fields where isNamed(field, name, line, asLabels: asLabels) {
            LogFields.append(
                line.extracting(field.value.asInt), hasEscapes: field.valueHasEscapes, to: &output)
            return
        }
    }

    /// Adds the value that an entry has of a wanted field.
    ///
    /// - Returns: its number, or that of none.
    mutating func tell(
        _ name: [UInt8], _ wanted: LogWantedField, _ line: Span<UInt8>, _ metadata: Span<UInt8>,
        _ request: LogSelectRequest, into told: inout LogBlock.Field
    ) -> Int32 {
        if !metadata.isEmpty, let range = LabelCursor.valueRange(of: name.span, in: metadata) {
            return told.add(metadata.extracting(range), hasEscapes: false, wanted)
        }
        scan(line)
        if let format = request.fieldFormat, format != fields.format { return LogBlock.Field.absent }
        for field in fields.fields where isNamed(field, name, line, asLabels: request.namesAreLabels) {
            let value = line.extracting(field.value.asInt)
            let start = Int(field.value.lowerBound)
            let isQuoted = start > 0 && line[start - 1] == UInt8(ascii: "\"")
            if request.namesAreLabels, !FieldLabel.isValue(value, isQuoted: isQuoted, fields.format) { continue }
            return told.add(value, hasEscapes: field.valueHasEscapes, wanted)
        }
        return LogBlock.Field.absent
    }

    private mutating func isNamed(
        _ field: LogFields.Field, _ wanted: [UInt8], _ line: Span<UInt8>, asLabels: Bool
    ) -> Bool {
        name.removeAll(keepingCapacity: true)
        fields.appendName(of: field, in: line, to: &name)
        if asLabels { FieldLabel.sanitize(&name) }
        return name == wanted
    }
}
