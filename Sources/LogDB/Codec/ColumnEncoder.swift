import Encoding

/// Where a value lies in the text of a block.
struct Slice: Equatable {
    var start: UInt32
    var count: UInt32

    var range: Range<Int> { Int(start)..<Int(start + count) }
}

/// How the values of a column are written. LogDB.docc/Blocks.md draws each.
enum ColumnKind: UInt8, CaseIterable {
    case constant = 1
    case dictionary
    case digits
    case decimals
    case addresses
    case moments
    case ids
    case templates
    case texts
}

/// Writes columns of a block, each in the narrowest kind that gives its values back byte for byte, and notes on the way
/// what the filter of the block must know.
struct ColumnEncoder {
    var filter = TextFilter()
    /// Of the last column that was numbers, the least and the most.
    private(set) var numberRange: ClosedRange<Double>?
    private var dictionary = SliceTable()

    static let dictionaryMax = 256
    /// Templates within quoted parts of templates, and no deeper.
    static let depthMax = 2

    /// Appends one column.
    ///
    /// - Parameters:
    ///   - moments: the times of the values' entries; none where moments are not to be looked for.
    mutating func encode(
        _ values: Span<Slice>, in text: Span<UInt8>, moments: MomentRows = .none, depth: Int = 0,
        to bytes: inout [UInt8]
    ) -> ColumnKind {
        numberRange = nil
        if values.isEmpty {
            bytes.append(ColumnKind.constant.rawValue)
            bytes.appendVarint(0)
            return .constant
        }
        let first = values[0]
        let firstText = text.extracting(first.range)
        if encodeDictionary(values, in: text, to: &bytes) {
            return ColumnKind(rawValue: bytes[lastKindAt]) ?? .constant
        }
        if NumberTexts.decimal(firstText) != nil, encodeDecimals(values, in: text, to: &bytes) { return .decimals }
        if first.count >= 1, firstText[0] == 0x30, encodeDigits(values, in: text, to: &bytes) { return .digits }
        if NumberTexts.address(firstText) != nil, encodeAddresses(values, in: text, to: &bytes) { return .addresses }
        if let decimals = MomentTexts.decimals(ofLength: firstText.count),
            encodeMoments(values, in: text, decimals, moments, to: &bytes)
        {
            return .moments
        }
        if first.count >= 8, encodeIDs(values, in: text, to: &bytes) { return .ids }
        if encodeDigits(values, in: text, to: &bytes) { return .digits }
        if depth < Self.depthMax {
            var encoder = TemplateEncoder(values, in: text)
            if encoder.isWorthwhile {
                bytes.append(ColumnKind.templates.rawValue)
                encoder.encode(in: text, with: &self, depth: depth, to: &bytes)
                numberRange = nil
                return .templates
            }
        }
        encodeTexts(values, in: text, to: &bytes)
        return .texts
    }

    private var lastKindAt = 0

    // MARK: repeated values

    /// Constants and dictionaries: false, with nothing written, where there are too many values.
    private mutating func encodeDictionary(
        _ values: Span<Slice>, in text: Span<UInt8>, to bytes: inout [UInt8]
    ) -> Bool {
        let limit = min(Self.dictionaryMax, values.count / 3 + 1)
        dictionary.removeAll()
        var ids: [UInt8] = []
        ids.reserveCapacity(values.count)
        var last = values[0]
        var lastID: UInt8 = 0
        for index in values.indices {
            let value = values[index]
            if ids.isEmpty || value.count != last.count
                || !ByteSearch.equal(text.extracting(value.range), text.extracting(last.range))
            {
                let id = dictionary.find(value, in: text)
                guard dictionary.slices.count <= limit else { return false }
                lastID = UInt8(id)
                last = value
            }
            ids.append(lastID)
        }
        lastKindAt = bytes.count
        let isConstant = dictionary.slices.count == 1
        bytes.append((isConstant ? ColumnKind.constant : .dictionary).rawValue)
        if !isConstant { bytes.appendVarint(UInt64(dictionary.slices.count)) }
        for slice in dictionary.slices {
            let value = text.extracting(slice.range)
            bytes.appendVarint(UInt64(value.count))
            bytes.append(value)
            filter.add(value)
        }
        if !isConstant { bytes.append(contentsOf: ids) }
        return true
    }

    // MARK: numbers

    private mutating func encodeDecimals(_ values: Span<Slice>, in text: Span<UInt8>, to bytes: inout [UInt8]) -> Bool {
        var mantissas: [Int64] = []
        var scales: [UInt8] = []
        mantissas.reserveCapacity(values.count)
        scales.reserveCapacity(values.count)
        var (least, most) = (Double.infinity, -Double.infinity)
        for index in values.indices {
            guard let decimal = NumberTexts.decimal(text.extracting(values[index].range)) else { return false }
            mantissas.append(decimal.mantissa)
            scales.append(decimal.scale)
            let number = Double(decimal.mantissa) / NumberTexts.powers[Int(decimal.scale)]
            least = min(least, number)
            most = max(most, number)
        }
        bytes.append(ColumnKind.decimals.rawValue)
        let isUniform = scales.allSatisfy { $0 == scales[0] }
        bytes.append(isUniform ? scales[0] : 0xff)
        if !isUniform { bytes.append(contentsOf: scales) }
        IntegerBlocks.encode(mantissas, to: &bytes)
        // Division is rounded, so the bounds give a little.
        numberRange = least.nextDown...most.nextUp
        filter.note(runOf: NumberTexts.digitsMax)
        return true
    }

    private mutating func encodeDigits(_ values: Span<Slice>, in text: Span<UInt8>, to bytes: inout [UInt8]) -> Bool {
        let count = Int(values[0].count)
        guard count > 0, count <= NumberTexts.digitsMax else { return false }
        var numbers: [Int64] = []
        numbers.reserveCapacity(values.count)
        for index in values.indices {
            guard let number = NumberTexts.digits(text.extracting(values[index].range), count: count) else {
                return false
            }
            numbers.append(number)
        }
        bytes.append(ColumnKind.digits.rawValue)
        bytes.append(UInt8(count))
        IntegerBlocks.encode(numbers, to: &bytes)
        filter.note(runOf: count)
        return true
    }

    private mutating func encodeAddresses(_ values: Span<Slice>, in text: Span<UInt8>, to bytes: inout [UInt8]) -> Bool
    {
        let start = bytes.count
        bytes.append(ColumnKind.addresses.rawValue)
        for index in values.indices {
            guard let address = NumberTexts.address(text.extracting(values[index].range)) else {
                bytes.removeLast(bytes.count - start)
                return false
            }
            bytes.appendLittleEndian(address)
        }
        filter.note(runOf: 3)
        return true
    }

    /// Moments as how far each is from the timestamp of its entry, cut to the same decimals: mostly not at all.
    private mutating func encodeMoments(
        _ values: Span<Slice>, in text: Span<UInt8>, _ decimals: Int, _ moments: MomentRows, to bytes: inout [UInt8]
    ) -> Bool {
        guard case .of(let column, let table, let timestampsNs) = moments else { return false }
        let rows = table.rows(ofColumn: column)
        var distances: [Int64] = []
        distances.reserveCapacity(values.count)
        let unit = MomentTexts.unit(decimals)
        for index in values.indices {
            guard let ns = MomentTexts.ns(text.extracting(values[index].range), decimals: decimals) else {
                return false
            }
            distances.append(ns &- MomentColumn.cut(timestampsNs[Int(rows[rows.startIndex + index])], to: unit))
        }
        bytes.append(ColumnKind.moments.rawValue)
        bytes.append(UInt8(decimals))
        IntegerBlocks.encode(distances, to: &bytes)
        filter.note(runOf: MomentTexts.decimalsMax + 1)
        return true
    }

    private mutating func encodeIDs(_ values: Span<Slice>, in text: Span<UInt8>, to bytes: inout [UInt8]) -> Bool {
        let length = values[0].count
        guard length & 1 == 0, length / 2 <= 255 else { return false }
        let start = bytes.count
        bytes.append(ColumnKind.ids.rawValue)
        bytes.append(UInt8(length / 2))
        for index in values.indices {
            let value = values[index]
            guard value.count == length,
                Hexadecimal.append(lowerCase: text.extracting(value.range), to: &bytes)
            else {
                bytes.removeLast(bytes.count - start)
                return false
            }
        }
        let width = Int(length / 2)
        for index in values.indices {
            let at = start + 2 + index * width
            filter.add(id: bytes.span.extracting(at..<(at + width)))
        }
        return true
    }

    private mutating func encodeTexts(_ values: Span<Slice>, in text: Span<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(ColumnKind.texts.rawValue)
        var counts: [Int64] = []
        counts.reserveCapacity(values.count)
        for index in values.indices { counts.append(Int64(values[index].count)) }
        IntegerBlocks.encode(counts, to: &bytes)
        for index in values.indices {
            let value = text.extracting(values[index].range)
            bytes.append(value)
            filter.add(value)
        }
    }
}

/// The times that moments of a column are told from.
enum MomentRows {
    case none
    case of(column: Int, ColumnTable, timestampsNs: [Int64])
}

/// Distinct values with numbers in order of arrival.
struct SliceTable {
    private(set) var slices: [Slice] = []
    private var places = [UInt16](repeating: 0, count: 1024)

    mutating func removeAll() {
        if slices.isEmpty { return }
        slices.removeAll(keepingCapacity: true)
        for index in places.indices { places[index] = 0 }
    }

    /// The number of the value; a new one at the end. For no more than 512 values.
    mutating func find(_ slice: Slice, in text: Span<UInt8>) -> Int {
        let value = text.extracting(slice.range)
        var place = Int(truncatingIfNeeded: Hash64.of(value) & 1023)
        while places[place] != 0 {
            let known = slices[Int(places[place]) - 1]
            if ByteSearch.equal(text.extracting(known.range), value) { return Int(places[place]) - 1 }
            place = (place + 1) & 1023
        }
        slices.append(slice)
        places[place] = UInt16(slices.count)
        return slices.count - 1
    }
}
