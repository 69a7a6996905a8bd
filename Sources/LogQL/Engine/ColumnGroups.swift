import Encoding
import Model
import PromQL
import Storage

/// By which labels series are told apart, as a column scan finds them.
struct ColumnKeys {
    /// Names with the fields that they may come from, sorted; empty for `isAll`.
    let names: [(name: [UInt8], field: Int)]
    /// All labels of the stream but these.
    let isAll: Bool
    let without: [[UInt8]]

    /// Nil where that takes more than the labels of streams and fields of known names.
    init?(_ keys: SeriesKeys, unwrap: Unwrap?, isParsed: Bool, _ fields: inout ColumnFields) {
        switch keys.rule {
        case .all(let without):
            if isParsed { return nil }
            (names, isAll, self.without) = ([], true, without)
        case .by(let by):
            // What is unwrapped is no label any more.
            var names: [(name: [UInt8], field: Int)] = []
            for name in by where name != unwrap?.label.bytes {
                names.append((name, fields.index(of: name, isNumber: false)))
            }
            (self.names, isAll, without) = (names, false, [])
        case .none: (names, isAll, without) = ([], false, [])
        }
    }
}

/// The series of the entries of one block: looked up once for each value, not for each entry. Entries are asked for in order.
struct ColumnGroups {
    private let keys: ColumnKeys
    private let streamOf: [Int]
    private let fields: [LogBlock.Field]
    private var kinds: [Kind] = []
    /// For each stream its kind.
    private var kindOf: [Int] = []
    /// For each kind of stream and each value of the one field that varies, and for its absence first, the series plus one.
    private var numbers: [Int32] = []
    private var key: [UInt8] = []
    /// The stream of the entry that was asked for last, what is known of its kind, and the codes of the field that varies.
    private var stream = -1
    private var first = 0
    private var field = Kind.several
    private var codes: [Int32] = []
    private var kind: Int32 = 0
    /// The texts of that field's values.
    private var values = LogBlock.Field()

    /// Streams that have the same labels of the names.
    private struct Kind {
        /// Where it begins in `numbers`.
        var first: Int
        /// The one field that tells its entries apart, or one of those below.
        var field: Int
        /// What the finder calls it.
        var number: Int32 = 0
        /// What stands around the label of that field in the canonical labels of a series.
        var labels = SeriesFinder.Kind()

        static let none = -1
        static let several = -2
    }

    init(_ keys: ColumnKeys, _ block: LogBlock, _ finder: inout SeriesFinder) {
        self.keys = keys
        streamOf = block.streamOf
        var known: [SeriesFinder.Kind: Int] = [:]
        for stream in block.streams {
            var kind = Kind(first: numbers.count, field: Kind.none)
            for (name, field) in keys.names {
                if let range = stream.valueRange(of: name.span) {
                    let value = stream.bytes.span.extracting(range)
                    if kind.labels.name.isEmpty {
                        EntryLabels.append(name.span, value, to: &kind.labels.before)
                    } else {
                        EntryLabels.append(name.span, value, to: &kind.labels.behind)
                    }
                } else {
                    kind.field = kind.field == Kind.none ? field : Kind.several
                    kind.labels.name = name
                }
            }
            if !keys.isAll && kind.field != Kind.several {
                if let place = known[kind.labels] {
                    kindOf.append(place)
                    continue
                }
                known[kind.labels] = kinds.count
                kind.number = finder.kind(kind.labels)
            }
            kindOf.append(kinds.count)
            kinds.append(kind)
            let values = kind.field >= 0 ? block.fields[kind.field].ends.count : 0
            numbers.append(contentsOf: repeatElement(0, count: values + 1))
        }
        fields = block.fields
    }

    /// The series of an entry, negative where it has to be found.
    mutating func known(_ entry: Int) -> Int {
        let own = streamOf[entry]
        if own != stream {
            stream = own
            let kind = kinds[kindOf[own]]
            (first, field, self.kind) = (kind.first, kind.field, kind.number)
            if field >= 0 { (codes, values) = (fields[field].codes, fields[field]) }
        }
        if field == Kind.several { return -1 }
        return Int(numbers[field >= 0 ? first + Int(codes[entry]) + 1 : first]) - 1
    }

    /// Finds the series of the entry that was asked for last.
    mutating func find(_ entry: Int, _ block: LogBlock, _ finder: inout SeriesFinder) -> Int {
        if field == Kind.several {
            key.removeAll(keepingCapacity: true)
            appendSeveral(entry, block)
            return finder.number(of: key.span)
        }
        let code = field >= 0 ? codes[entry] : LogBlock.Field.absent
        let place = first + Int(code) + 1
        let value = values.range(code)
        let number: Int
        if value.isEmpty {
            key.removeAll(keepingCapacity: true)
            let own = streamOf[entry]
            if keys.isAll {
                appendAll(block.streams[own])
            } else {
                key += kinds[kindOf[own]].labels.before
                key += kinds[kindOf[own]].labels.behind
            }
            number = finder.number(of: key.span)
        } else {
            number = finder.number(of: values.bytes.span.extracting(value), kind: kind)
        }
        numbers[place] = Int32(number + 1)
        return number
    }

    private mutating func appendAll(_ stream: Labels) {
        var cursor = LabelCursor()
        let bytes = stream.bytes.span
        while cursor.advance(in: bytes) {
            let name = bytes.extracting(cursor.name)
            if keys.without.contains(where: { $0.count == name.count && $0.span.has(name, at: 0) }) { continue }
            EntryLabels.append(name, bytes.extracting(cursor.value), to: &key)
        }
    }

    private mutating func appendSeveral(_ entry: Int, _ block: LogBlock) {
        let stream = block.streams[streamOf[entry]]
        for (name, field) in keys.names {
            if let range = stream.valueRange(of: name.span) {
                EntryLabels.append(name.span, stream.bytes.span.extracting(range), to: &key)
                continue
            }
            let value = block.value(entry, ofField: field)
            let bytes = block.fields[field].bytes
            if !value.isEmpty { EntryLabels.append(name.span, bytes.span.extracting(value), to: &key) }
        }
    }
}
