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
            isQuoted: place.isQuoted, format: format, numbers: isNumber ? column.numbers() : nil,
            codes: [Int32](repeating: Source.unknown, count: column.codeCount))
    }

    /// Appends the value of a row.
    @inline(__always)
    mutating func tell(_ row: Int, ofShape shape: UInt16, into field: inout LogBlock.Field) {
        let own = sourcesOfShape[Int(shape)]
        for source in own {
            let code = tell(row, of: source, into: &field)
            if code != LogBlock.Field.absent {
                field.codes.append(code)
                return
            }
        }
        field.codes.append(LogBlock.Field.absent)
    }

    private mutating func tell(_ row: Int, of source: Int, into field: inout LogBlock.Field) -> Int32 {
        let index = sources[source].rank.isEmpty ? row : Int(sources[source].rank[row])
        if sources[source].codes.isEmpty { return value(index, of: source, into: &field) }
        let own = sources[source].column.code(index)
        let known = sources[source].codes[own]
        if known != Source.unknown { return known }
        let code = value(index, of: source, into: &field)
        sources[source].codes[own] = code
        return code
    }

    private mutating func value(_ index: Int, of number: Int, into field: inout LogBlock.Field) -> Int32 {
        if let numbers = sources[number].numbers {
            field.numbers.append(numbers[index])
            return field.endValue()
        }
        let isQuoted = sources[number].isQuoted
        scratch.removeAll(keepingCapacity: true)
        sources[number].column.append(index, to: &scratch)
        if areLabels, !FieldLabel.isValue(scratch.span, isQuoted: isQuoted, sources[number].format) {
            return LogBlock.Field.absent
        }
        return field.add(scratch.span, hasEscapes: isQuoted && scratch.span.containsEscape, wanted)
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
