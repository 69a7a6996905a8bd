import Encoding
import Model
import Storage

/// Tells the values of one wanted field of a block's rows, those of a dictionary once.
struct FieldTeller {
    private let wanted: LogWantedField
    private let areLabels: Bool
    /// For each shape the sources of its lines' values: the first that has one counts.
    private var sourcesOfShape: [[Int]] = []
    private var sources: [Source] = []
    private var scratch: [UInt8] = []

    private struct Source {
        let column: Column
        /// Empty where each row has a value.
        let rank: [Int32]
        let isQuoted: Bool
        let mayHaveEscapes: Bool
        let format: LogFields.Format
        let numbers: [Double]?
        /// For each code of the column that of the told field, `unknown` until it was met.
        var codes: [Int32]

        static let unknown: Int32 = -2
    }

    init(_ wanted: LogWantedField, of block: BlockReader, _ request: LogSelectRequest) throws(DecodeError) {
        self.wanted = wanted
        areLabels = request.namesAreLabels
        var known: [Int: Int] = [:]
        for (number, places) in block.allFieldPlaces(Array(wanted.name.utf8), asLabels: areLabels).enumerated() {
            let format = block.format(ofShape: block.shapes[number])
            var own: [Int] = []
            for place in places {
                let isMetadata = block.columns[place.column].name.source == .metadata
                if !isMetadata, let asked = request.fieldFormat, asked != format { continue }
                let key = place.key * 4 + (isMetadata ? 3 : Int(format.rawValue))
                if known[key] == nil {
                    known[key] = sources.count
                    sources.append(try Self.source(place, isMetadata ? .plain : format, block, wanted.isNumber))
                }
                if let source = known[key] { own.append(source) }
            }
            sourcesOfShape.append(own)
        }
    }

    private static func source(
        _ place: BlockReader.FieldPlace, _ format: LogFields.Format, _ block: BlockReader, _ isNumber: Bool
    ) throws(DecodeError) -> Source {
        let column = try block.column(place.column)
        return Source(
            column: column, rank: column.count == block.rows ? [] : block.rank(ofColumn: place.column),
            isQuoted: place.isQuoted, mayHaveEscapes: column.mayHold(UInt8(ascii: "\\"), foldsCase: false),
            format: format, numbers: isNumber ? column.numbers() : nil,
            codes: [Int32](repeating: Source.unknown, count: column.codeCount))
    }

    /// Appends the values of rows: source by source, so that a row takes no more than its value.
    mutating func tell(_ rows: [Int32], _ shapeOf: [UInt16], into field: inout LogBlock.Field) {
        let first = field.codes.count
        field.codes.append(contentsOf: repeatElement(LogBlock.Field.absent, count: rows.count))
        for number in sources.indices {
            let isFirst = sourcesOfShape.map { $0.first == number }
            if isFirst.contains(true) { tell(rows, shapeOf, isFirst, of: number, at: first, into: &field) }
        }
        guard sourcesOfShape.contains(where: { $0.count > 1 }) else { return }
        for (place, row) in rows.enumerated() {
            for number in sourcesOfShape[Int(shapeOf[Int(row)])].dropFirst()
            where field.codes[first + place] == LogBlock.Field.absent {
                field.codes[first + place] = tell(Int(row), of: number, into: &field)
            }
        }
    }

    /// Tells the rows whose shape has the source first. What the loop looks at is taken out of the source before.
    private mutating func tell(
        _ rows: [Int32], _ shapeOf: [UInt16], _ isMeant: [Bool], of number: Int, at first: Int,
        into field: inout LogBlock.Field
    ) {
        let source = sources[number]
        let rank = source.rank
        var told = source.codes
        let isAll = isMeant.allSatisfy { $0 }
        let codes = source.column.codes
        let numbers = told.isEmpty ? source.numbers ?? [] : []
        if !numbers.isEmpty {
            tell(rows, shapeOf, isAll ? [] : isMeant, rank, numbers, at: first, into: &field)
            return
        }
        for (place, row) in rows.enumerated() where isAll || isMeant[Int(shapeOf[Int(row)])] {
            let index = rank.isEmpty ? Int(row) : Int(rank[Int(row)])
            if told.isEmpty {
                field.codes[first + place] = value(index, of: source, into: &field)
            } else {
                let own = codes.isEmpty ? 0 : Int(codes[index])
                if told[own] == Source.unknown { told[own] = value(index, of: source, into: &field) }
                field.codes[first + place] = told[own]
            }
        }
        sources[number].codes = told
    }

    /// Tells numbers, each for itself.
    ///
    /// - Parameter isMeant: by shape; empty for all.
    private func tell(
        _ rows: [Int32], _ shapeOf: [UInt16], _ isMeant: [Bool], _ rank: [Int32], _ numbers: [Double], at first: Int,
        into field: inout LogBlock.Field
    ) {
        var (codes, told): ([Int32], [Double?]) = ([], [])
        swap(&codes, &field.codes)
        swap(&told, &field.numbers)
        let before = told.count
        told.reserveCapacity(before + rows.count)
        for place in rows.indices {
            let row = Int(rows[place])
            if !isMeant.isEmpty, !isMeant[Int(shapeOf[row])] { continue }
            codes[first + place] = Int32(truncatingIfNeeded: told.count)
            told.append(numbers[rank.isEmpty ? row : Int(rank[row])])
        }
        field.ends.append(contentsOf: repeatElement(field.bytes.count, count: told.count - before))
        swap(&codes, &field.codes)
        swap(&told, &field.numbers)
    }

    private mutating func tell(_ row: Int, of number: Int, into field: inout LogBlock.Field) -> Int32 {
        let source = sources[number]
        let index = source.rank.isEmpty ? row : Int(source.rank[row])
        if source.codes.isEmpty { return value(index, of: source, into: &field) }
        let own = source.column.code(index)
        if source.codes[own] == Source.unknown {
            sources[number].codes[own] = value(index, of: source, into: &field)
        }
        return sources[number].codes[own]
    }

    private mutating func value(_ index: Int, of source: Source, into field: inout LogBlock.Field) -> Int32 {
        if let numbers = source.numbers {
            field.numbers.append(numbers[index])
            return field.endValue()
        }
        if !wanted.isNumber, !source.isQuoted || !source.mayHaveEscapes {
            let start = field.bytes.count
            source.column.append(index, to: &field.bytes)
            let end = field.bytes.count
            let isLabel =
                !areLabels
                || FieldLabel.isValue(
                    field.bytes.span.extracting(start..<end), isQuoted: source.isQuoted, source.format)
            if isLabel { return field.endValue() }
            field.bytes.removeLast(end - start)
            return LogBlock.Field.absent
        }
        scratch.removeAll(keepingCapacity: true)
        source.column.append(index, to: &scratch)
        if areLabels, !FieldLabel.isValue(scratch.span, isQuoted: source.isQuoted, source.format) {
            return LogBlock.Field.absent
        }
        return field.add(scratch.span, hasEscapes: source.isQuoted && scratch.span.containsEscape, wanted)
    }
}

extension LogBlock.Field {
    /// Adds a value as it stands in a line.
    ///
    /// - Returns: its number.
    mutating func add(_ value: Span<UInt8>, hasEscapes: Bool, _ wanted: LogWantedField) -> Int32 {
        let start = bytes.count
        LogFields.append(value, hasEscapes: hasEscapes, to: &bytes)
        if wanted.isNumber {
            numbers.append(FloatReading.float(String(decoding: bytes[start...], as: UTF8.self)))
        }
        return endValue()
    }
}
