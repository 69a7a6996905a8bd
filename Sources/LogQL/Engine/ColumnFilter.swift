import Encoding
import Model
import Storage

/// A label filter over the columns of a block: what it says of a value it says once.
indirect enum ColumnFilter: Sendable {
    case leaf(Leaf)
    case both(ColumnFilter, ColumnFilter)
    case either(ColumnFilter, ColumnFilter)

    static let drops: UInt8 = 0
    static let passes: UInt8 = 1
    /// The pipeline would note an error.
    static let unsayable: UInt8 = 2

    struct Leaf {
        let field: Int
        let name: [UInt8]
        let test: Test
    }

    enum Test {
        case matcher(Matcher)
        case number(LogFieldCondition.Comparison, Double)
    }

    /// Nil where the predicate asks for more than values and numbers.
    init?(_ predicate: LabelPredicate, _ fields: inout ColumnFields) {
        switch predicate {
        case .matcher(let match):
            self = .leaf(
                Leaf(
                    field: fields.index(of: match.name.bytes, isNumber: Self.asksOnlyForPresence(match.matcher)),
                    name: match.name.bytes, test: .matcher(match.matcher)))
        case .number(let name, let comparison, let number):
            self = .leaf(
                Leaf(
                    field: fields.index(of: name.bytes, isNumber: true), name: name.bytes,
                    test: .number(comparison, number)))
        case .both(let left, let right):
            guard let left = ColumnFilter(left, &fields), let right = ColumnFilter(right, &fields) else { return nil }
            self = .both(left, right)
        case .either(let left, let right):
            guard let left = ColumnFilter(left, &fields), let right = ColumnFilter(right, &fields) else { return nil }
            self = .either(left, right)
        case .duration, .bytes, .address: return nil
        }
    }

    /// Whether the matcher is `!= ""`, for which no text is needed of what is a number.
    fileprivate static func asksOnlyForPresence(_ matcher: Matcher) -> Bool {
        matcher.operation == .notEqual && matcher.value.isEmpty
    }

    /// What is said of each entry of a block.
    func verdicts(_ block: LogBlock) -> [UInt8] {
        switch self {
        case .leaf(let leaf): return leaf.verdicts(block)
        case .both(let left, let right):
            var verdicts = left.verdicts(block)
            let others = right.verdicts(block)
            for entry in verdicts.indices {
                verdicts[entry] =
                    verdicts[entry] == Self.unsayable || others[entry] == Self.unsayable
                    ? Self.unsayable : verdicts[entry] & others[entry]
            }
            return verdicts
        case .either(let left, let right):
            var verdicts = left.verdicts(block)
            let others = right.verdicts(block)
            for entry in verdicts.indices where verdicts[entry] == Self.drops { verdicts[entry] = others[entry] }
            return verdicts
        }
    }
}

extension ColumnFilter.Leaf {
    fileprivate func verdicts(_ block: LogBlock) -> [UInt8] {
        let column = block.fields[field]
        var ofValue = [UInt8](repeating: ColumnFilter.passes, count: column.ends.count)
        if case .matcher(let matcher) = test, ColumnFilter.asksOnlyForPresence(matcher) {
            var start = 0
            for code in ofValue.indices {
                let isNumber = !column.numbers.isEmpty && column.numbers[code] != nil
                if !isNumber, column.ends[code] == start { ofValue[code] = ColumnFilter.drops }
                start = column.ends[code]
            }
        } else {
            for code in ofValue.indices { ofValue[code] = verdict(column, code) }
        }
        let ofAbsent = absentVerdict
        // A label of the stream takes the name from every field.
        let ofStream = block.streams.map { stream -> UInt8? in
            stream.valueRange(of: name.span).map { verdict(ofText: stream.bytes.span.extracting($0)) }
        }
        let isPlain = ofStream.allSatisfy { $0 == nil }
        var verdicts = [UInt8](repeating: 0, count: block.count)
        for entry in verdicts.indices {
            if !isPlain, let own = ofStream[block.streamOf[entry]] {
                verdicts[entry] = own
                continue
            }
            let code = column.codes[entry]
            verdicts[entry] = code == LogBlock.Field.absent ? ofAbsent : ofValue[Int(code)]
        }
        return verdicts
    }

    private var absentVerdict: UInt8 {
        switch test {
        case .matcher(let matcher): matcher.matchesEmpty ? ColumnFilter.passes : ColumnFilter.drops
        case .number: ColumnFilter.drops
        }
    }

    private func verdict(_ column: LogBlock.Field, _ code: Int) -> UInt8 {
        if !column.numbers.isEmpty, let number = column.numbers[code] {
            switch test {
            case .matcher: return ColumnFilter.passes
            case .number(let comparison, let other):
                return comparison.holds(number, other) ? ColumnFilter.passes : ColumnFilter.drops
            }
        }
        return verdict(ofText: column.bytes.span.extracting(column.range(Int32(code))))
    }

    private func verdict(ofText text: Span<UInt8>) -> UInt8 {
        switch test {
        case .matcher(let matcher): return matcher.matches(text) ? ColumnFilter.passes : ColumnFilter.drops
        case .number(let comparison, let other):
            let text = unsafe text.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
            guard let number = FloatReading.float(text) else { return ColumnFilter.unsayable }
            return comparison.holds(number, other) ? ColumnFilter.passes : ColumnFilter.drops
        }
    }
}
