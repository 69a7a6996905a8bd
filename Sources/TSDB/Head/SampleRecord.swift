import Encoding
import Model

/// What the records of the log hold. TSDB.docc/Log.md draws them.
enum RecordType {
    static let series: UInt8 = 1
    static let samples: UInt8 = 2
    static let startedSamples: UInt8 = 3
    static let histograms: UInt8 = 4
    static let exemplars: UInt8 = 5
    static let metadata: UInt8 = 6
}

/// Samples of one append as a record: ids and timestamps as differences, values as decimal mantissas where that is exact.
/// A record stands by itself, so a damaged one takes no other with it.
struct SampleRecordWriter: ~Copyable {
    private(set) var bytes: [UInt8] = []
    private var ids: [UInt8] = []
    private var times: [UInt8] = []
    private var starts: [UInt8] = []
    private var forms: [UInt8] = []
    private var mantissas: [UInt8] = []

    /// In the upper half of a value's form: its bits follow as they are.
    static let rawExponent: UInt8 = 15

    /// - Parameter table: where the slots of the samples say which series they are; it is told how their values are written.
    mutating func write(_ staged: borrowing StagedSamples, _ table: borrowing SlotTable) {
        let count = staged.count
        ids.removeAll(keepingCapacity: true)
        times.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        writeIDs(staged, table)
        var previous: Int64 = 0
        for place in 0..<count {
            let time = unsafe staged.times[place]
            times.appendZigZag(time &- previous)
            previous = time
        }
        if staged.hasStarts {
            previous = 0
            for place in 0..<count {
                let start = unsafe staged.starts[place]
                starts.appendZigZag(start &- previous)
                previous = start
            }
        }
        writeValues(staged, table)
        bytes.removeAll(keepingCapacity: true)
        bytes.appendVarint(UInt64(count))
        bytes.appendVarint(UInt64(ids.count))
        bytes += ids
        bytes.appendVarint(UInt64(times.count))
        bytes += times
        if staged.hasStarts {
            bytes.appendVarint(UInt64(starts.count))
            bytes += starts
        }
        bytes += forms
        bytes += mantissas
    }

    private mutating func writeIDs(_ staged: borrowing StagedSamples, _ table: borrowing SlotTable) {
        var previous: UInt64 = 0
        for place in 0..<staged.count {
            let id = unsafe table[Int(staged.slots[place])].pointee.id
            ids.appendZigZag(Int64(bitPattern: id &- previous &- 1))
            previous = id
        }
    }

    private mutating func writeValues(_ staged: borrowing StagedSamples, _ table: borrowing SlotTable) {
        let count = staged.count
        forms.removeAll(keepingCapacity: true)
        mantissas.removeAll(keepingCapacity: true)
        let values = unsafe staged.values
        forms.append(addingCapacity: count) { forms in
            mantissas.append(addingCapacity: count * 8 + 8) { mantissas in
                unsafe forms.withUnsafeMutableBufferPointer { forms, formCount in
                    unsafe mantissas.withUnsafeMutableBufferPointer { mantissas, bytes in
                        let target = UnsafeMutableRawPointer(mantissas.baseAddress!)
                        for place in 0..<count {
                            let value = unsafe values[place]
                            var form = Self.rawExponent << 4 | 8
                            var word = value.bitPattern
                            let slot = unsafe table[Int(staged.slots[place])]
                            if let (mantissa, exponent) = unsafe Self.mantissa(value, slot) {
                                word = ZigZag.encode(mantissa)
                                form = exponent << 4 | UInt8((71 &- word.leadingZeroBitCount) >> 3)
                            }
                            unsafe target.storeBytes(of: word.littleEndian, toByteOffset: bytes, as: UInt64.self)
                            bytes &+= Int(form & 15)
                            unsafe forms[place] = form
                        }
                        formCount = count
                    }
                }
            }
        }
    }

    @inline(__always)
    private static func mantissa(
        _ value: Double, _ slot: UnsafeMutablePointer<SlotTable.Slot>
    ) -> (mantissa: Int64, exponent: UInt8)? {
        if let mantissa = DecimalForm.mantissa(value, power: 1) { return (mantissa, 0) }
        return unsafe decimal(value, slot)
    }

    /// Tries the exponent that the series had last, then all of them: a search costs as much as all the rest of a sample.
    @inline(never)
    private static func decimal(
        _ value: Double, _ slot: UnsafeMutablePointer<SlotTable.Slot>
    ) -> (mantissa: Int64, exponent: UInt8)? {
        let hint = unsafe slot.pointee.exponentHint
        guard value.isFinite, hint != rawExponent else { return nil }
        if hint > 0, let mantissa = DecimalForm.mantissa(value, power: DecimalForm.powers[Int(hint)]) {
            return (mantissa, hint)
        }
        for candidate in 1..<rawExponent {
            if let mantissa = DecimalForm.mantissa(value, power: DecimalForm.powers[Int(candidate)]) {
                unsafe slot.pointee.exponentHint = candidate
                return (mantissa, candidate)
            }
        }
        unsafe slot.pointee.exponentHint = rawExponent
        return nil
    }
}

/// Reads what `SampleRecordWriter` wrote.
enum SampleRecord {
    /// Replaces what `restored` holds by the samples of the record; their references are not known yet.
    static func read(
        _ payload: Span<UInt8>, hasStarts: Bool, into restored: RestoredSamples
    ) throws(DecodeError) {
        restored.removeAll()
        var reader = ByteReader(payload)
        let count = try reader.readVarint()
        guard count <= UInt64(payload.count) else {
            throw DecodeError(.truncated(missing: Int(clamping: count) - payload.count), at: reader.offset)
        }
        var ids = try reader.readSlice(Int(clamping: reader.readVarint()))
        var times = try reader.readSlice(Int(clamping: reader.readVarint()))
        var starts = hasStarts ? try reader.readSlice(Int(clamping: reader.readVarint())) : reader
        var forms = try reader.readSlice(Int(count))
        restored.prepare(Int(count))
        restored.hasStarts = hasStarts
        do throws(DecodeError) {
            var id: UInt64 = 0
            var time: Int64 = 0
            var start: Int64 = 0
            let (idColumn, timeColumn) = unsafe (restored.ids, restored.times)
            let (valueColumn, startColumn) = unsafe (restored.values, restored.starts)
            for index in 0..<Int(count) {
                id &+= UInt64(bitPattern: try ids.readZigZag()) &+ 1
                time &+= try times.readZigZag()
                unsafe idColumn[index] = id
                unsafe timeColumn[index] = time
                if hasStarts {
                    start &+= try starts.readZigZag()
                    unsafe startColumn[index] = start
                }
                unsafe valueColumn[index] = try readValue(forms.readByte(), &reader)
            }
        } catch {
            restored.removeAll()
            throw error
        }
    }

    @inline(__always)
    private static func readValue(_ form: UInt8, _ reader: inout ByteReader) throws(DecodeError) -> Double {
        let length = Int(form & 15)
        guard length <= 8 else { throw DecodeError(.invalidBitWidth(length * 8), at: reader.offset) }
        var word: UInt64 = 0
        if reader.remaining >= 8 {
            var ahead = reader
            word = try ahead.readLittleEndian(UInt64.self)
            if length < 8 { word &= (1 << UInt64(length * 8)) &- 1 }
            try reader.skip(length)
        } else {
            for shift in 0..<length { word |= UInt64(try reader.readByte()) << UInt64(8 * shift) }
        }
        let exponent = form >> 4
        if exponent == SampleRecordWriter.rawExponent { return Double(bitPattern: word) }
        let mantissa = Double(ZigZag.decode(word))
        return exponent == 0 ? mantissa : mantissa / DecimalForm.powers[Int(exponent)]
    }
}
