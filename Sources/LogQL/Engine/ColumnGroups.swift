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

/// The series of the entries of one block: looked up once for each value, not for each entry.
struct ColumnGroups {
    private let keys: ColumnKeys
    private var ofStream: [StreamKey] = []
    /// For each kind of stream, which is the streams that have the same labels of the names, and each value of the one field
    /// that varies, and for its absence first, the series plus one.
    private var known: [Int32] = []
    private var key: [UInt8] = []

    private struct StreamKey {
        /// Where the kind of the stream begins in `known`.
        var first: Int
        /// The one field that tells its entries apart, or one of those below.
        var field: Int

        static let none = -1
        static let several = -2
    }

    init(_ keys: ColumnKeys, _ block: LogBlock) {
        self.keys = keys
        var kinds: [[UInt8]: StreamKey] = [:]
        for (number, stream) in block.streams.enumerated() {
            var labels: [UInt8] = []
            var varying: [Int] = []
            for (place, name) in keys.names.enumerated() {
                if let range = stream.valueRange(of: name.name.span) {
                    EntryLabels.append(name.name.span, stream.bytes.span.extracting(range), to: &labels)
                } else {
                    varying.append(place)
                }
            }
            if keys.isAll { labels = [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)] }
            if let kind = kinds[labels] {
                ofStream.append(kind)
                continue
            }
            var kind = StreamKey(first: known.count, field: varying.isEmpty ? StreamKey.none : StreamKey.several)
            if varying.count == 1 { kind.field = keys.names[varying[0]].field }
            let values = kind.field >= 0 ? block.fields[kind.field].ends.count : 0
            known.append(contentsOf: repeatElement(0, count: values + 1))
            kinds[labels] = kind
            ofStream.append(kind)
        }
    }

    mutating func series(_ entry: Int, _ block: LogBlock, _ series: inout LabelTable) -> Int {
        let stream = ofStream[block.streamOf[entry]]
        if stream.field == StreamKey.several { return find(entry, block, &series) }
        var place = stream.first
        if stream.field >= 0 { place += Int(block.fields[stream.field].codes[entry]) + 1 }
        if known[place] != 0 { return Int(known[place]) - 1 }
        let found = find(entry, block, &series)
        known[place] = Int32(found + 1)
        return found
    }

    private mutating func find(_ entry: Int, _ block: LogBlock, _ series: inout LabelTable) -> Int {
        key.removeAll(keepingCapacity: true)
        let stream = block.streams[block.streamOf[entry]]
        if keys.isAll {
            var cursor = LabelCursor()
            let bytes = stream.bytes.span
            while cursor.advance(in: bytes) {
                let name = bytes.extracting(cursor.name)
                if keys.without.contains(where: { $0.count == name.count && $0.span.has(name, at: 0) }) { continue }
                EntryLabels.append(name, bytes.extracting(cursor.value), to: &key)
            }
            return series.number(of: key.span)
        }
        for (name, field) in keys.names {
            if let range = stream.valueRange(of: name.span) {
                EntryLabels.append(name.span, stream.bytes.span.extracting(range), to: &key)
                continue
            }
            let column = block.fields[field]
            let value = column.range(column.codes[entry])
            if !value.isEmpty { EntryLabels.append(name.span, column.bytes.span.extracting(value), to: &key) }
        }
        return series.number(of: key.span)
    }
}
