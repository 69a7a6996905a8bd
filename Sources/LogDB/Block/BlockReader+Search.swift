import Encoding
import Model
import Storage

extension BlockReader {
    /// Clears the mark of each row whose line does not satisfy the filter.
    func apply(_ filter: LogLineFilter, to marks: inout [Bool]) throws(DecodeError) {
        let found = try rows(containing: Needle(filter.needle), among: marks)
        for row in marks.indices where found[row] == filter.isNegative { marks[row] = false }
    }

    /// The rows whose line contains the needle, at least among those that are marked.
    ///
    /// A needle lies within a value, within what stands between values, or across a border; the last only where it holds
    /// one of the bytes at the border, and then the lines are put together.
    private func rows(containing needle: Needle, among marks: [Bool]) throws(DecodeError) -> [Bool] {
        var found = [Bool](repeating: false, count: rows)
        var whole: [Bool] = []
        var isWhole = [Bool](repeating: false, count: shapes.count)
        var isDone = [Bool](repeating: false, count: shapes.count)
        for (number, shape) in shapes.enumerated() {
            let inLiteral = shape.literals.contains { ByteSearch.contains(needle.bytes.span, in: $0.span) }
            whole.append(inLiteral)
            isWhole[number] = !inLiteral && Borders.mayCross(needle.bytes, pieces: shape.literals)
            isDone[number] = inLiteral || isWhole[number]
        }
        var line: [UInt8] = []
        for row in 0..<rows where marks[row] {
            let shape = Int(shapeOf[row])
            if whole[shape] { found[row] = true }
            if isWhole[shape] {
                line.removeAll(keepingCapacity: true)
                try appendLine(row, to: &line)
                if ByteSearch.contains(needle.bytes.span, in: line.span) { found[row] = true }
            }
        }
        for index in columns.indices
        where columns[index].name.source != .metadata && columns[index].mayContain(needle) {
            guard shapes.indices.contains(where: { !isDone[$0] && shapes[$0].columns.contains(index) }) else {
                continue
            }
            try mark(column: index, into: &found) { $0.mark(containing: needle, into: &$1) }
        }
        return found
    }

    /// Sets the marks of the rows whose value in a column `body` marks.
    private func mark(
        column index: Int, into rows: inout [Bool], _ body: (Column, inout [Bool]) -> Void
    ) throws(DecodeError) {
        let column = try column(index)
        var values = [Bool](repeating: false, count: column.count)
        body(column, &values)
        guard values.contains(true) else { return }
        if column.count == rows.count {
            for row in rows.indices where values[row] { rows[row] = true }
        } else {
            for (row, rank) in rank(ofColumn: index).enumerated() where rank >= 0 && values[Int(rank)] {
                rows[row] = true
            }
        }
    }

    // MARK: fields

    /// Clears the mark of each row whose field does not satisfy the condition.
    func apply(_ condition: LogFieldCondition, asLabels: Bool = false, to marks: inout [Bool]) throws(DecodeError) {
        let places = fieldPlaces(Array(condition.name.utf8), asLabels: asLabels)
        let holdsAbsent = condition.holds([UInt8]().span)
        var held: [[Bool]?] = Array(repeating: nil, count: columns.count * 2)
        for place in places {
            guard let place, held[place.key] == nil else { continue }
            held[place.key] = try values(of: place, satisfying: condition)
        }
        for row in marks.indices where marks[row] {
            if let place = places[Int(shapeOf[row])] {
                let rank = Int(rank(ofColumn: place.column)[row])
                marks[row] = held[place.key]?[rank] ?? false
            } else {
                marks[row] = holdsAbsent
            }
        }
    }

    private func values(
        of place: FieldPlace, satisfying condition: LogFieldCondition
    ) throws(DecodeError) -> [Bool] {
        let entry = columns[place.column]
        var values = [Bool](repeating: false, count: entry.count)
        switch condition.test {
        case .number(let comparison, let number), .numberOrOther(let comparison, let number):
            // A column that has a range has numbers alone.
            if let range = entry.numbers, !comparison.mayHold(range, number) { return values }
        case .text: break
        }
        try column(place.column).mark(into: &values) { value in
            guard place.isQuoted, value.containsEscape else { return condition.holds(value) }
            var text: [UInt8] = []
            LogFields.append(value, hasEscapes: true, to: &text)
            return condition.holds(text.span)
        }
        return values
    }

    /// Where lines of a shape have a field.
    struct FieldPlace {
        var column: Int
        /// Escapes count only between quotes.
        var isQuoted: Bool

        var key: Int { column * 2 + (isQuoted ? 1 : 0) }
    }

    /// For each shape where its lines have the field; nil where they have none of that name.
    func fieldPlaces(_ name: [UInt8], asLabels: Bool = false) -> [FieldPlace?] {
        let isNamed = columns.map { column -> Bool in
            guard asLabels, column.name.source == .field else { return column.name.name == name }
            var label = column.name.name
            FieldLabel.sanitize(&label)
            return label == name
        }
        return shapes.map { shape in
            if let column = shape.metadataColumns.first(where: { isNamed[$0] }) {
                return FieldPlace(column: column, isQuoted: false)
            }
            let place = shape.columns.indices.first {
                let column = columns[shape.columns[$0]].name
                return column.source == .field && isNamed[shape.columns[$0]]
            }
            return place.map {
                FieldPlace(column: shape.columns[$0], isQuoted: shape.literals[$0].last == UInt8(ascii: "\""))
            }
        }
    }

    /// Appends the value of a field as it reads without escapes.
    func appendValue(_ place: FieldPlace, _ row: Int, to output: inout [UInt8]) throws(DecodeError) {
        let index = Int(rank(ofColumn: place.column)[row])
        let column = try column(place.column)
        guard place.isQuoted else { return column.append(index, to: &output) }
        var value: [UInt8] = []
        column.append(index, to: &value)
        LogFields.append(value.span, hasEscapes: value.span.containsEscape, to: &output)
    }

    // MARK: lines

    /// Appends the line as it came.
    func appendLine(_ row: Int, to output: inout [UInt8]) throws(DecodeError) {
        let shape = shapes[Int(shapeOf[row])]
        for (place, index) in shape.columns.enumerated() {
            output.append(all: shape.literals[place])
            let column = try column(index)
            column.append(column.count == rows ? row : Int(rank(ofColumn: index)[row]), to: &output)
        }
        output.append(all: shape.literals[shape.columns.count])
    }

    func appendMetadata(_ row: Int, to output: inout [UInt8]) throws(DecodeError) {
        var value: [UInt8] = []
        for index in shapes[Int(shapeOf[row])].metadataColumns {
            value.removeAll(keepingCapacity: true)
            try column(index).append(Int(rank(ofColumn: index)[row]), to: &value)
            let name = columns[index].name.name
            output.appendVarint(UInt64(name.count))
            output += name
            output.appendVarint(UInt64(value.count))
            output += value
        }
    }
}

extension BlockReader.Entry {
    /// Whether values of the column may contain the needle, by what the directory says.
    fileprivate func mayContain(_ needle: Needle) -> Bool {
        guard needle.longestRun <= longestRun else { return false }
        switch kind {
        case .digits, .decimals, .addresses: return needle.fitsNumbers
        case .moments: return needle.fitsMoments
        case .ids: return needle.fitsIDs
        case .constant, .dictionary, .templates, .texts: return true
        }
    }
}

extension LogFieldCondition.Comparison {
    /// Whether a number within the range might satisfy the comparison.
    fileprivate func mayHold(_ range: ClosedRange<Double>, _ number: Double) -> Bool {
        switch self {
        case .less, .lessOrEqual: range.lowerBound <= number
        case .greater, .greaterOrEqual: range.upperBound >= number
        case .equal: range.contains(number)
        case .notEqual: true
        }
    }
}

extension Span<UInt8> {
    fileprivate var containsEscape: Bool {
        for index in indices where self[index] == UInt8(ascii: "\\") { return true }
        return false
    }
}
