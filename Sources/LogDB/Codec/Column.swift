import Encoding

/// A column that was read: values by index, as text. Each subclass is one `ColumnKind`.
class Column {
    let count: Int

    /// Of how many distinct values each has a code; none where values are told one by one.
    var codeCount: Int { 0 }
    /// The code of each value; empty where there is only one.
    var codes: [UInt8] { [] }
    final func code(_ index: Int) -> Int { codes.isEmpty ? 0 : Int(codes[index]) }

    /// What the values are as numbers, correctly rounded; nil where they are not numbers, or too long ones.
    func numbers() -> [Double]? { nil }

    fileprivate init(count: Int) { self.count = count }

    /// Appends the text of a value.
    func append(_ index: Int, to output: inout [UInt8]) { preconditionFailure("BUG: a column without a kind") }

    /// Whether any value may be the empty text.
    var mayBeEmpty: Bool { true }

    /// Whether a value is the empty text.
    func isEmpty(_ index: Int) -> Bool {
        var text: [UInt8] = []
        append(index, to: &text)
        return text.isEmpty
    }

    /// Whether the byte may stand in a value; letters of ASCII in either case where that is asked for.
    func mayHold(_ byte: UInt8, foldsCase: Bool) -> Bool { true }

    /// Whether a value may contain the needle, without a look at the values.
    func mayHold(_ needle: Needle) -> Bool { true }

    /// Sets the mark of each value that contains the needle.
    func mark(containing needle: Needle, into marks: inout [Bool]) {
        mark(into: &marks) { needle.isFound(in: $0) }
    }

    /// Sets the mark of each value for which the condition holds.
    func mark(into marks: inout [Bool], where holds: (Span<UInt8>) -> Bool) {
        var scratch: [UInt8] = []
        for index in 0..<count {
            scratch.removeAll(keepingCapacity: true)
            append(index, to: &scratch)
            if holds(scratch.span) { marks[index] = true }
        }
    }

    /// Sets the mark of each of some values for which the condition holds.
    func mark(among some: [Bool], into marks: inout [Bool], where holds: (Span<UInt8>) -> Bool) {
        var scratch: [UInt8] = []
        var known = [Bool?](repeating: nil, count: codeCount)
        let codes = codes
        for index in 0..<count where some[index] {
            let code = codes.isEmpty ? 0 : Int(codes[index])
            if !known.isEmpty, let held = known[code] {
                marks[index] = held
                continue
            }
            scratch.removeAll(keepingCapacity: true)
            append(index, to: &scratch)
            marks[index] = holds(scratch.span)
            if !known.isEmpty { known[code] = marks[index] }
        }
    }

    /// Reads a column of `count` values.
    static func read(
        _ reader: inout ByteReader, count: Int, timestampsNs: (_ count: Int) throws(DecodeError) -> [Int64],
        depth: Int = 0
    ) throws(DecodeError) -> Column {
        let at = reader.offset
        let tag = try reader.readByte()
        guard let kind = ColumnKind(rawValue: tag) else { throw DecodeError(.invalidCharacter(tag), at: at) }
        switch kind {
        case .constant: return try ConstantColumn(&reader, count)
        case .dictionary: return try DictionaryColumn(&reader, count)
        case .digits: return try DigitColumn(&reader, count)
        case .decimals: return try DecimalColumn(&reader, count)
        case .addresses: return try AddressColumn(&reader, count)
        case .moments: return try MomentColumn(&reader, try timestampsNs(count))
        case .ids: return try IDColumn(&reader, count)
        case .templates:
            guard depth < ColumnEncoder.depthMax else {
                throw DecodeError(.tooDeep(depthMax: ColumnEncoder.depthMax), at: at)
            }
            return try TemplateColumn(&reader, count, depth: depth)
        case .texts: return try TextColumn(&reader, count)
        }
    }

    fileprivate static func copy(_ span: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(span)
        return bytes
    }
}

/// What a search looks for, with what its bytes rule out.
struct Needle {
    /// In lower case where letters of ASCII count in either.
    let bytes: [UInt8]
    let foldsCase: Bool
    /// Whether all of it can stand in a number, with its sign and points.
    let fitsNumbers: Bool
    /// Whether all of it can stand in a moment.
    let fitsMoments: Bool
    let fitsIDs: Bool
    /// Of letters and digits.
    let longestRun: Int

    init(_ bytes: [UInt8], foldsCase: Bool = false) {
        var longest = 0
        WordRuns.forEach(in: bytes.span) { run, _ in longest = max(longest, run.count) }
        longestRun = longest
        self.bytes = bytes
        self.foldsCase = foldsCase
        fitsNumbers = bytes.allSatisfy(Self.fitsNumbers)
        fitsMoments = bytes.allSatisfy {
            let byte = foldsCase && ($0 == 0x74 || $0 == 0x7a) ? $0 & 0xdf : $0
            return (byte >= 0x2d && byte <= 0x3a) || byte == 0x54 || byte == 0x5a
        }
        fitsIDs = bytes.allSatisfy { NumberTexts.hexDigit($0) != nil }
    }

    /// Whether a byte can stand in a number or an address.
    static func fitsNumbers(_ byte: UInt8) -> Bool { (byte >= 0x30 && byte <= 0x39) || byte == 0x2d || byte == 0x2e }

    func find(in text: Span<UInt8>, from start: Int = 0) -> Int? {
        foldsCase
            ? ByteSearch.find(folded: bytes.span, in: text, from: start)
            : ByteSearch.find(bytes.span, in: text, from: start)
    }

    func isFound(in text: Span<UInt8>) -> Bool { find(in: text) != nil }

    /// Whether it might lie across a border of the pieces, which do not contain it (`Borders`).
    ///
    /// - Parameter mayHold: whether the value behind a piece, by the piece's number, may hold a byte.
    func mayCross(_ pieces: [[UInt8]], _ mayHold: (_ value: Int, _ byte: UInt8) -> Bool = { _, _ in true }) -> Bool {
        guard foldsCase else { return Borders.mayCross(bytes.span, pieces: pieces, mayHold) }
        return Borders.mayCross(
            bytes.span, pieces: pieces.map { $0.map { 0x41...0x5a ~= $0 ? $0 | 0x20 : $0 } }, mayHold)
    }
}

final class ConstantColumn: Column {
    let value: [UInt8]

    fileprivate init(_ reader: inout ByteReader, _ count: Int) throws(DecodeError) {
        value = Column.copy(try reader.readBytes(Int(clamping: try reader.readVarint())))
        super.init(count: count)
    }

    override func append(_ index: Int, to output: inout [UInt8]) { output.append(all: value) }

    override var codeCount: Int { 1 }
    override func mayHold(_ byte: UInt8, foldsCase: Bool) -> Bool { value.holds(byte, foldsCase: foldsCase) }

    override func mark(into marks: inout [Bool], where holds: (Span<UInt8>) -> Bool) {
        let value = value
        guard holds(value.span) else { return }
        for index in 0..<count { marks[index] = true }
    }
}

final class DictionaryColumn: Column {
    private let bytes: [UInt8]
    private let ends: [Int]
    private let ids: [UInt8]

    fileprivate init(_ reader: inout ByteReader, _ count: Int) throws(DecodeError) {
        let size = try reader.readVarint()
        guard size <= UInt64(ColumnEncoder.dictionaryMax) else {
            throw DecodeError(.invalidCharacterCount(Int(clamping: size)), at: reader.offset)
        }
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for _ in 0..<size {
            bytes.append(try reader.readBytes(Int(clamping: try reader.readVarint())))
            ends.append(bytes.count)
        }
        let at = reader.offset
        ids = Column.copy(try reader.readBytes(count))
        for id in ids where Int(id) >= ends.count { throw DecodeError(.invalidCharacter(id), at: at) }
        (self.bytes, self.ends) = (bytes, ends)
        super.init(count: count)
    }

    private func value(_ id: Int) -> Range<Int> { (id == 0 ? 0 : ends[id - 1])..<ends[id] }

    override var codeCount: Int { ends.count }
    override var codes: [UInt8] { ids }
    override func mayHold(_ byte: UInt8, foldsCase: Bool) -> Bool { bytes.holds(byte, foldsCase: foldsCase) }

    override func append(_ index: Int, to output: inout [UInt8]) {
        output.append(bytes, in: value(Int(ids[index])))
    }

    override func mark(into marks: inout [Bool], where holds: (Span<UInt8>) -> Bool) {
        let bytes = bytes
        let held = ends.indices.map { holds(bytes.span.extracting(value($0))) }
        guard held.contains(true) else { return }
        for index in 0..<count where held[Int(ids[index])] { marks[index] = true }
    }
}

final class DigitColumn: Column {
    private let digits: Int
    private let values: [Int64]

    fileprivate init(_ reader: inout ByteReader, _ count: Int) throws(DecodeError) {
        let at = reader.offset
        digits = Int(try reader.readByte())
        guard digits <= NumberTexts.digitsMax else { throw DecodeError(.invalidCharacterCount(digits), at: at) }
        values = try IntegerBlocks.decode(&reader, count: count)
        super.init(count: count)
    }

    override var mayBeEmpty: Bool { false }
    override func isEmpty(_ index: Int) -> Bool { false }

    override func append(_ index: Int, to output: inout [UInt8]) {
        NumberTexts.append(values[index], digitsMin: digits, to: &output)
    }

    override func numbers() -> [Double]? { ExactNumbers.make(values, divisor: 1) }

    override func mayHold(_ byte: UInt8, foldsCase: Bool) -> Bool { Needle.fitsNumbers(byte) }
    override func mayHold(_ needle: Needle) -> Bool { needle.fitsNumbers }

    override func mark(containing needle: Needle, into marks: inout [Bool]) {
        if needle.fitsNumbers { super.mark(containing: needle, into: &marks) }
    }
}

final class DecimalColumn: Column {
    private let mantissas: [Int64]
    /// One for all where they are the same.
    private let scales: [UInt8]

    fileprivate init(_ reader: inout ByteReader, _ count: Int) throws(DecodeError) {
        let at = reader.offset
        let scale = try reader.readByte()
        scales = scale == 0xff ? Column.copy(try reader.readBytes(count)) : [scale]
        for scale in scales where scale > NumberTexts.digitsMax { throw DecodeError(.invalidCharacter(scale), at: at) }
        mantissas = try IntegerBlocks.decode(&reader, count: count)
        super.init(count: count)
    }

    override var mayBeEmpty: Bool { false }
    override func isEmpty(_ index: Int) -> Bool { false }

    override func append(_ index: Int, to output: inout [UInt8]) {
        let scale = scales.count == 1 ? scales[0] : scales[index]
        NumberTexts.append(NumberTexts.Decimal(mantissa: mantissas[index], scale: scale), to: &output)
    }

    override func numbers() -> [Double]? {
        if scales.count == 1 { return ExactNumbers.make(mantissas, divisor: NumberTexts.powers[Int(scales[0])]) }
        guard var numbers = ExactNumbers.make(mantissas, divisor: 1) else { return nil }
        for index in numbers.indices { numbers[index] /= NumberTexts.powers[Int(scales[index])] }
        return numbers
    }

    override func mayHold(_ byte: UInt8, foldsCase: Bool) -> Bool { Needle.fitsNumbers(byte) }
    override func mayHold(_ needle: Needle) -> Bool { needle.fitsNumbers }

    override func mark(containing needle: Needle, into marks: inout [Bool]) {
        if needle.fitsNumbers { super.mark(containing: needle, into: &marks) }
    }
}

final class AddressColumn: Column {
    private let bytes: [UInt8]

    fileprivate init(_ reader: inout ByteReader, _ count: Int) throws(DecodeError) {
        bytes = Column.copy(try reader.readBytes(count * 4))
        super.init(count: count)
    }

    override var mayBeEmpty: Bool { false }
    override func isEmpty(_ index: Int) -> Bool { false }

    override func append(_ index: Int, to output: inout [UInt8]) {
        var address: UInt32 = 0
        for place in stride(from: index * 4 + 3, through: index * 4, by: -1) {
            address = address << 8 | UInt32(bytes[place])
        }
        NumberTexts.append(address: address, to: &output)
    }

    override func mayHold(_ byte: UInt8, foldsCase: Bool) -> Bool { Needle.fitsNumbers(byte) }
    override func mayHold(_ needle: Needle) -> Bool { needle.fitsNumbers }

    override func mark(containing needle: Needle, into marks: inout [Bool]) {
        if needle.fitsNumbers { super.mark(containing: needle, into: &marks) }
    }
}

final class MomentColumn: Column {
    private let decimals: Int
    private let moments: [Int64]

    fileprivate init(_ reader: inout ByteReader, _ timestampsNs: [Int64]) throws(DecodeError) {
        let at = reader.offset
        decimals = Int(try reader.readByte())
        guard decimals <= MomentTexts.decimalsMax else { throw DecodeError(.invalidBitWidth(decimals), at: at) }
        let unit = MomentTexts.unit(decimals)
        var moments = try IntegerBlocks.decode(&reader, count: timestampsNs.count)
        for index in moments.indices { moments[index] &+= Self.cut(timestampsNs[index], to: unit) }
        self.moments = moments
        super.init(count: timestampsNs.count)
    }

    /// The last multiple of `unit` that is not later.
    static func cut(_ ns: Int64, to unit: Int64) -> Int64 {
        let rest = ns % unit
        return ns &- (rest < 0 ? rest &+ unit : rest)
    }

    override var mayBeEmpty: Bool { false }
    override func isEmpty(_ index: Int) -> Bool { false }

    override func append(_ index: Int, to output: inout [UInt8]) {
        MomentTexts.append(moments[index], decimals: decimals, to: &output)
    }

    override func mayHold(_ needle: Needle) -> Bool { needle.fitsMoments }

    override func mark(containing needle: Needle, into marks: inout [Bool]) {
        if needle.fitsMoments { super.mark(containing: needle, into: &marks) }
    }
}

final class IDColumn: Column {
    private let width: Int
    private let bytes: [UInt8]

    fileprivate init(_ reader: inout ByteReader, _ count: Int) throws(DecodeError) {
        width = Int(try reader.readByte())
        bytes = Column.copy(try reader.readBytes(count * width))
        super.init(count: count)
    }

    override func isEmpty(_ index: Int) -> Bool { width == 0 }

    override func append(_ index: Int, to output: inout [UInt8]) {
        for at in (index * width)..<((index + 1) * width) { NumberTexts.append(hexOf: bytes[at], to: &output) }
    }

    override func mayHold(_ byte: UInt8, foldsCase: Bool) -> Bool { NumberTexts.hexDigit(byte) != nil }
    override func mayHold(_ needle: Needle) -> Bool { needle.fitsIDs && needle.bytes.count <= width * 2 }

    override func mark(containing needle: Needle, into marks: inout [Bool]) {
        guard needle.fitsIDs, needle.bytes.count <= width * 2, width > 0 else { return }
        guard needle.bytes.count == width * 2 else { return super.mark(containing: needle, into: &marks) }
        var id: [UInt8] = []
        guard Hexadecimal.append(lowerCase: needle.bytes.span, to: &id) else { return }
        var from = 0
        let bytes = bytes
        while let found = ByteSearch.find(id.span, in: bytes.span, from: from) {
            if found % width == 0 { marks[found / width] = true }
            from = found + 1
        }
    }
}

final class TextColumn: Column {
    private let ends: [Int]
    private let bytes: [UInt8]

    fileprivate init(_ reader: inout ByteReader, _ count: Int) throws(DecodeError) {
        let at = reader.offset
        var end = 0
        var ends: [Int] = []
        ends.reserveCapacity(count)
        for length in try IntegerBlocks.decode(&reader, count: count) {
            guard length >= 0, length <= Int64(reader.remaining - end) else {
                throw DecodeError(.truncated(missing: Int(clamping: length)), at: at)
            }
            end += Int(length)
            ends.append(end)
        }
        self.ends = ends
        bytes = Column.copy(try reader.readBytes(end))
        super.init(count: count)
    }

    override func isEmpty(_ index: Int) -> Bool { ends[index] == (index == 0 ? 0 : ends[index - 1]) }
    override func mayHold(_ byte: UInt8, foldsCase: Bool) -> Bool { bytes.holds(byte, foldsCase: foldsCase) }

    override func append(_ index: Int, to output: inout [UInt8]) {
        output.append(bytes, in: (index == 0 ? 0 : ends[index - 1])..<ends[index])
    }

    override func mark(containing needle: Needle, into marks: inout [Bool]) {
        let bytes = bytes
        FlatTexts.mark(needle, bytes.span, ends, into: &marks)
    }
}

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

    fileprivate init(_ reader: inout ByteReader, _ count: Int, depth: Int) throws(DecodeError) {
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
        if isWhole.contains(true) {
            for (index, id) in ids.enumerated() where isWhole[Int(id)] { marks[index] = true }
        }
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
        guard found.contains(true) else { return }
        for (index, id) in ids.enumerated() where Int(id) == template && found[Int(ranks[index])] {
            marks[index] = true
        }
    }
}

extension [UInt8] {
    fileprivate func holds(_ byte: UInt8, foldsCase: Bool) -> Bool {
        if span.offset(of: byte) != nil { return true }
        guard foldsCase, byte >= 0x61, byte <= 0x7a else { return false }
        return span.offset(of: byte & 0xdf) != nil
    }
}

/// A column that many threads read.
struct SharedColumn: @unchecked Sendable {  // nothing of a column changes once it is read
    let column: Column
}

/// Integers and powers of ten that a Double holds exactly: their quotient is rounded once, as the number's text would be.
enum ExactNumbers {
    private static let most: Int64 = 1 << 53

    static func make(_ mantissas: [Int64], divisor: Double) -> [Double]? {
        var numbers: [Double] = []
        numbers.reserveCapacity(mantissas.count)
        for mantissa in mantissas {
            guard mantissa > -most, mantissa < most else { return nil }
            numbers.append(Double(mantissa) / divisor)
        }
        return numbers
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

/// Searching many texts that lie one after the other in one go.
enum FlatTexts {
    static func mark(_ needle: Needle, _ bytes: Span<UInt8>, _ ends: [Int], into marks: inout [Bool]) {
        if needle.bytes.isEmpty {
            for index in ends.indices { marks[index] = true }
            return
        }
        var from = 0
        var text = 0
        while let found = needle.find(in: bytes, from: from) {
            while ends[text] <= found { text += 1 }
            if found + needle.bytes.count <= ends[text] {
                marks[text] = true
                from = ends[text]
            } else {
                from = found + 1
            }
        }
    }
}
