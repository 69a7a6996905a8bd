import Encoding
import Model
import Storage
import Text

extension BlockReader {
    /// Clears the mark of each row whose line does not satisfy the filter.
    func apply(_ filter: LogLineFilter, to marks: inout [Bool]) throws(DecodeError) {
        let found = try rows(satisfying: filter, among: marks)
        guard !filter.isNegative else {
            found.forEachSet { marks[$0] = false }
            return
        }
        var both = [Bool](repeating: false, count: rows)
        found.forEachSet { if marks[$0] { both[$0] = true } }
        marks = both
    }

    /// The rows whose line satisfies what the filter says without its sign, at least among those that are marked.
    private func rows(satisfying filter: LogLineFilter, among marks: [Bool]) throws(DecodeError) -> [Bool] {
        var search = LineSearch(found: [Bool](repeating: false, count: rows), filter.isLocal ? filter.expression : nil)
        for needle in filter.needles {
            try find(Needle(needle, foldsCase: filter.foldsCase), among: marks, &search)
        }
        guard let expression = filter.expression else { return search.found }
        var line: [UInt8] = []
        for row in 0..<rows where marks[row] && (filter.needles.isEmpty || search.found[row]) && !search.matches(row) {
            line.removeAll(keepingCapacity: true)
            try appendLine(row, to: &line)
            search.found[row] = expression.matches(line.span)
        }
        return search.found
    }

    /// What is known of the lines while needles are looked for.
    private struct LineSearch {
        /// Whether any needle is in the line.
        var found: [Bool]
        /// Tried on values that contain a needle: where it matches one it matches the line.
        let expression: RegularExpression?
        private var matched: [Bool]

        init(found: [Bool], _ expression: RegularExpression?) {
            self.found = found
            self.expression = expression
            matched = expression == nil ? [] : found
        }

        mutating func noteMatch(_ row: Int) { matched[row] = true }
        func matches(_ row: Int) -> Bool { !matched.isEmpty && matched[row] }
    }

    /// Sets the marks of the rows whose line contains the needle, at least among those that are marked.
    ///
    /// A needle lies within a value, within what stands between values, or across a border; the last only where it holds
    /// one of the bytes at the border, and then the lines are put together.
    private func find(_ needle: Needle, among marks: [Bool], _ search: inout LineSearch) throws(DecodeError) {
        var whole: [Bool] = []
        var isWhole = [Bool](repeating: false, count: shapes.count)
        var isDone = [Bool](repeating: false, count: shapes.count)
        for (number, shape) in shapes.enumerated() {
            let inLiteral = shape.literals.contains { needle.isFound(in: $0.span) }
            whole.append(inLiteral)
            isWhole[number] = !inLiteral && needle.mayCross(shape.literals)
            isDone[number] = inLiteral || isWhole[number]
        }
        if isDone.contains(true) {
            var line: [UInt8] = []
            for row in 0..<rows where marks[row] {
                let shape = Int(shapeOf[row])
                if whole[shape] { search.found[row] = true }
                guard isWhole[shape], !search.found[row] else { continue }
                line.removeAll(keepingCapacity: true)
                try appendLine(row, to: &line)
                if needle.isFound(in: line.span) { search.found[row] = true }
            }
        }
        for index in columns.indices
        where columns[index].name.source != .metadata && columns[index].mayContain(needle) {
            guard shapes.indices.contains(where: { !isDone[$0] && shapes[$0].columns.contains(index) }) else {
                continue
            }
            try find(needle, inColumn: index, &search)
        }
    }

    private func find(_ needle: Needle, inColumn index: Int, _ search: inout LineSearch) throws(DecodeError) {
        let column = try column(index)
        var values = [Bool](repeating: false, count: column.count)
        column.mark(containing: needle, into: &values)
        guard values.isAnySet else { return }
        var matches: [Bool] = []
        if let expression = search.expression {
            matches = [Bool](repeating: false, count: column.count)
            column.mark(among: values, into: &matches) { expression.matches($0) }
        }
        let rank = column.count == rows ? [] : rank(ofColumn: index)
        var found: [Bool] = []
        swap(&found, &search.found)
        values.forEachRow(rank) { found[$0] = true }
        swap(&found, &search.found)
        matches.forEachRow(rank) { search.noteMatch($0) }
    }

    // MARK: fields

    /// Clears the mark of each row whose field does not satisfy the condition.
    func apply(_ condition: LogFieldCondition, asLabels: Bool = false, to marks: inout [Bool]) throws(DecodeError) {
        let places = fieldPlaces(Array(condition.name.utf8), asLabels: asLabels)
        if !condition.holds([UInt8]().span) {
            let isAbsent = places.map { $0 == nil }
            if isAbsent.contains(true) {
                for row in marks.indices where isAbsent[Int(shapeOf[row])] { marks[row] = false }
            }
        }
        var isDone: Set<Int> = []
        for place in places {
            guard let place, isDone.insert(place.key).inserted else { continue }
            let held = try values(of: place, satisfying: condition)
            let isMeant = places.map { $0?.key == place.key }
            if columns[place.column].count == rows {
                for row in marks.indices where marks[row] && isMeant[Int(shapeOf[row])] { marks[row] = held[row] }
            } else {
                let rank = rank(ofColumn: place.column)
                for row in marks.indices where marks[row] && isMeant[Int(shapeOf[row])] {
                    marks[row] = held[Int(rank[row])]
                }
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
            if let numbers = try column(place.column).numbers() {
                for index in numbers.indices { values[index] = comparison.holds(numbers[index], number) }
                return values
            }
        case .text(let matcher):
            if matcher.operation == .notEqual, matcher.value.isEmpty {
                let column = try column(place.column)
                if !column.mayBeEmpty { return [Bool](repeating: true, count: entry.count) }
                for index in values.indices { values[index] = !column.isEmpty(index) }
                return values
            }
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
    private func fieldPlaces(_ name: [UInt8], asLabels: Bool) -> [FieldPlace?] {
        allFieldPlaces(name, asLabels: asLabels).map(\.first)
    }

    /// For each shape where its lines have fields of the name: metadata alone, or those of the line in order.
    func allFieldPlaces(_ name: [UInt8], asLabels: Bool) -> [[FieldPlace]] {
        let isNamed = columns.map { column -> Bool in
            guard asLabels, column.name.source == .field else { return column.name.name == name }
            var label = column.name.name
            FieldLabel.sanitize(&label)
            return label == name
        }
        return shapes.map { shape in
            if let column = shape.metadataColumns.first(where: { isNamed[$0] }) {
                return [FieldPlace(column: column, isQuoted: false)]
            }
            return shape.columns.indices.filter {
                columns[shape.columns[$0]].name.source == .field && isNamed[shape.columns[$0]]
            }.map {
                FieldPlace(column: shape.columns[$0], isQuoted: shape.literals[$0].last == UInt8(ascii: "\""))
            }
        }
    }

    /// What kind of lines have the shape.
    func format(ofShape shape: LineShape) -> LogFields.Format {
        guard columns[shape.columns[0]].name.source == .field else { return .plain }
        return shape.literals[0].first == UInt8(ascii: "{") ? .json : .logfmt
    }

    // MARK: lines

    /// Appends the line as it came.
    func appendLine(_ row: Int, to output: inout [UInt8]) throws(DecodeError) {
        let number = Int(shapeOf[row])
        for place in shapes[number].columns.indices {
            output.append(all: shapes[number].literals[place])
            let index = shapes[number].columns[place]
            let column = try column(index)
            column.append(column.count == rows ? row : Int(rank(ofColumn: index)[row]), to: &output)
        }
        output.append(all: shapes[number].literals[shapes[number].columns.count])
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

extension StoredBlock.Entry {
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
    var containsEscape: Bool {
        offset(of: UInt8(ascii: "\\")) != nil
    }
}
