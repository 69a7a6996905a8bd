import Encoding

/// Texts of one statement each, cut into what is common and what varies.
final class TemplateColumn: Column {
    /// For each template, 0 included, what stands around its variables.
    private let pieces: [[[UInt8]]]
    /// The pieces one behind the other, of each template one more than it has variables, and where each begins.
    private let literals: [UInt8]
    private let pieceEnds: [Int]
    /// The variables one behind the other, and for each template its first.
    private let columns: [Column]
    private let firstColumns: [Int]
    /// For each template whether there is nothing around its variables.
    private let isBare: [Bool]
    /// For each template a column for each variable.
    private let variables: [[Column]]
    private let ids: [UInt8]
    /// For each value how many of the same template come before it.
    private let ranks: [UInt16]

    init(_ reader: inout ByteReader, _ count: Int, depth: Int) throws(DecodeError) {
        let templates = try reader.readVarint()
        guard templates <= UInt64(TemplateEncoder.templatesMax) else {
            throw DecodeError(.invalidCharacterCount(Int(clamping: templates)), at: reader.offset)
        }
        var literals: [[UInt8]] = [[TemplateEncoder.gap]]
        for _ in 0..<templates {
            literals.append(Column.copy(try reader.readBytes(Int(clamping: try reader.readVarint()))))
        }
        let at = reader.offset
        let ids = Column.copy(try reader.readBytes(count))
        var counts = [Int](repeating: 0, count: literals.count)
        var ranks: [UInt16] = []
        ranks.reserveCapacity(count)
        for id in ids {
            guard Int(id) < counts.count, counts[Int(id)] <= UInt16.max else {
                throw DecodeError(.invalidCharacter(id), at: at)
            }
            ranks.append(UInt16(counts[Int(id)]))
            counts[Int(id)] += 1
        }
        var variables: [[Column]] = []
        for (template, literal) in literals.enumerated() {
            var own: [Column] = []
            for byte in literal where byte == TemplateEncoder.gap && counts[template] > 0 {
                let column = try Column.read(
                    &reader, count: counts[template],
                    timestampsNs: { count throws(DecodeError) in
                        throw DecodeError(.invalidCharacterCount(count), at: at)
                    }, depth: depth + 1)
                own.append(column)
            }
            variables.append(own)
        }
        pieces = literals.map {
            $0.split(separator: TemplateEncoder.gap, omittingEmptySubsequences: false).map(Array.init)
        }
        isBare = pieces.map { pieces in pieces.allSatisfy { $0.isEmpty } }
        (self.variables, self.ids, self.ranks) = (variables, ids, ranks)
        var (flat, pieceEnds, firstColumns): ([UInt8], [Int], [Int]) = ([], [0], [0])
        for (template, columns) in variables.enumerated() {
            for piece in pieces[template].prefix(columns.count + 1) {
                flat += piece
                pieceEnds.append(flat.count)
            }
            firstColumns.append(firstColumns[template] + columns.count)
        }
        (self.literals, self.pieceEnds, self.firstColumns) = (flat, pieceEnds, firstColumns)
        columns = variables.flatMap { $0 }
        super.init(count: count)
    }

    override func isEmpty(_ index: Int) -> Bool {
        let template = Int(ids[index])
        guard isBare[template] else { return false }
        let rank = Int(ranks[index])
        return variables[template].allSatisfy { $0.isEmpty(rank) }
    }

    override func mayHold(_ byte: UInt8, foldsCase: Bool) -> Bool {
        pieces.contains { $0.contains { $0.holds(byte, foldsCase: foldsCase) } }
            || variables.contains { $0.contains { $0.mayHold(byte, foldsCase: foldsCase) } }
    }

    override var mayBeEmpty: Bool {
        isBare.indices.contains { isBare[$0] && variables[$0].allSatisfy { $0.mayBeEmpty } }
    }

    override func append(_ index: Int, to output: inout [UInt8]) {
        append(template: Int(ids[index]), rank: Int(ranks[index]), to: &output)
    }

    private func append(template: Int, rank: Int, to output: inout [UInt8]) {
        var piece = firstColumns[template] + template
        for place in firstColumns[template]..<firstColumns[template + 1] {
            output.append(literals, in: pieceEnds[piece]..<pieceEnds[piece + 1])
            columns[place].append(rank, to: &output)
            piece += 1
        }
        output.append(literals, in: pieceEnds[piece]..<pieceEnds[piece + 1])
    }

    override func mark(containing needle: Needle, into marks: inout [Bool]) {
        var isWhole = [Bool](repeating: false, count: pieces.count)
        var sought: [Int] = []
        for template in pieces.indices where !variables[template].isEmpty || template > 0 {
            let columns = variables[template]
            let pieces = pieces[template]
            isWhole[template] = pieces.contains { needle.isFound(in: $0.span) }
            guard !isWhole[template], !columns.isEmpty else { continue }
            let crosses =
                template > 0
                && needle.mayCross(pieces) { columns[$0].mayHold($1, foldsCase: needle.foldsCase) }
            if crosses || columns.contains(where: { $0.mayHold(needle) }) {
                sought.append(crosses ? ~template : template)
            }
        }
        marks.set(whereCodes: ids, areIn: isWhole)
        for place in sought {
            mark(containing: needle, of: place < 0 ? ~place : place, asWhole: place < 0, into: &marks)
        }
    }

    /// Sets the marks of the values of one template: by its variables, or by whole texts where a needle may cross borders.
    private func mark(containing needle: Needle, of template: Int, asWhole: Bool, into marks: inout [Bool]) {
        var found: [Bool] = []
        if asWhole {
            var flat: [UInt8] = []
            var ends: [Int] = []
            for rank in 0..<(variables[template].first?.count ?? 0) {
                append(template: template, rank: rank, to: &flat)
                ends.append(flat.count)
            }
            found = [Bool](repeating: false, count: ends.count)
            FlatTexts.mark(needle, flat.span, ends, into: &found)
        } else {
            found = [Bool](repeating: false, count: variables[template].first?.count ?? 0)
            for column in variables[template] where column.mayHold(needle) {
                column.mark(containing: needle, into: &found)
            }
        }
        guard found.isAnySet else { return }
        let ids = ids
        var own = [Bool](repeating: false, count: count)
        ByteSearch.mark(UInt8(template), in: ids.span, &own)
        var rank = 0
        own.forEachSet { index in
            if found[rank] { marks[index] = true }
            rank += 1
        }
    }
}

/// Texts that are pieces with values between them.
enum Borders {
    /// Whether a needle that no piece contains might lie across a border between a piece and a value: then it goes on
    /// behind the end of one as the next piece begins, or ends before the begin of one as the last piece ends, and the byte
    /// at the value's side of the border is one that the value may hold.
    ///
    /// - Parameter mayHold: asked with the number of the piece before the value.
    static func mayCross(
        _ needle: Span<UInt8>, pieces: [[UInt8]], _ mayHold: (_ value: Int, _ byte: UInt8) -> Bool
    ) -> Bool {
        let last = pieces.count - 1
        for (index, piece) in pieces.enumerated() {
            // Where nothing stands between two values anything may cross.
            if piece.isEmpty {
                if index > 0 && index < last { return true }
                continue
            }
            for split in 1..<max(needle.count, 1) {
                if index > 0, begins(piece.span, needle, from: split), mayHold(index - 1, needle[split - 1]) {
                    return true
                }
                if index < last, ends(piece.span, needle, to: split), mayHold(index, needle[split]) { return true }
            }
        }
        return false
    }

    /// Whether the rest of the needle and the piece begin alike, as far as both go.
    private static func begins(_ piece: Span<UInt8>, _ needle: Span<UInt8>, from split: Int) -> Bool {
        for index in 0..<min(piece.count, needle.count - split) where piece[index] != needle[split + index] {
            return false
        }
        return true
    }

    /// Whether the needle's first bytes and the piece end alike, as far as both go.
    private static func ends(_ piece: Span<UInt8>, _ needle: Span<UInt8>, to split: Int) -> Bool {
        for index in 1...min(piece.count, split) where piece[piece.count - index] != needle[split - index] {
            return false
        }
        return true
    }
}
