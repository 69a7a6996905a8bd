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

    init(count: Int) { self.count = count }

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

    static func copy(_ span: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(span)
        return bytes
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
        if holds(value.span) { marks = [Bool](repeating: true, count: marks.count) }
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
        marks.set(whereCodes: ids, areIn: ends.indices.map { holds(bytes.span.extracting(value($0))) })
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

extension [UInt8] {
    func holds(_ byte: UInt8, foldsCase: Bool) -> Bool {
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
