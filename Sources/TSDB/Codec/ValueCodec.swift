import CKernels
import Encoding

/// Values as decimal mantissas of one exponent for the whole block, where a value is exactly `mantissa / 10^exponent`.
///
/// Division is correctly rounded, so the test `Double(mantissa) / 10^exponent == value`, made on the bits, decides whether
/// a value comes back exactly. Those that do not (NaN with its payload, infinities, -0.0, full doubles) are exceptions;
/// where they are more than a sixteenth, the raw bits of the block go through the same integer stage.
enum DecimalForm {
    /// 10^22 is the last power of ten that a double holds exactly; mantissas end sooner.
    static let exponentMax = 18

    static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    ]

    /// Adding and taking off 1.5 * 2^52 rounds to an integer and leaves it in the low bits, for magnitudes below 2^51.
    private static let rounder = 6_755_399_441_055_744.0
    private static let roundedMax = 2_251_799_813_685_248.0

    /// The mantissa of `value` at the exponent of `power`, if there is one.
    @inline(__always)
    static func mantissa(_ value: Double, power: Double) -> Int64? {
        let scaled = value * power
        guard scaled.magnitude < roundedMax else {
            return power == 1 ? Int64(exactly: value) : nil
        }
        let mantissa =
            Int64(bitPattern: (scaled + rounder).bitPattern) &- Int64(bitPattern: rounder.bitPattern)
        return (Double(mantissa) / power).bitPattern == value.bitPattern ? mantissa : nil
    }

    enum Tag {
        static let exponentMask: UInt8 = 0x1f
        static let exceptions: UInt8 = 0x20
        static let raw: UInt8 = 0x80
    }
}

/// Encodes blocks of values; working memory as in `IntegerEncoder`.
@safe
struct ValueEncoder: ~Copyable {
    private let integers = IntegerEncoder()
    private let mantissas: UnsafeMutablePointer<Int64>

    init() {
        unsafe mantissas = .allocate(capacity: IntegerCodec.countMax)
    }

    deinit {
        unsafe mantissas.deallocate()
    }

    /// Appends one block of 1...`IntegerCodec.countMax` values.
    func encode(_ values: UnsafeBufferPointer<Double>, appendingTo bytes: inout [UInt8]) {
        let count = values.count
        if let form = unsafe decimalForm(values, exceptionsMax: count >> 4 + 1) {
            bytes.append(UInt8(form.exponent) | (form.exceptions > 0 ? DecimalForm.Tag.exceptions : 0))
            if form.exceptions > 0 {
                let power = DecimalForm.powers[form.exponent]
                unsafe appendExceptions(values, form.exceptions, power: power, to: &bytes)
            }
        } else {
            bytes.append(DecimalForm.Tag.raw)
            for index in 0..<count { unsafe mantissas[index] = Int64(bitPattern: values[index].bitPattern) }
        }
        unsafe integers.encode(UnsafeBufferPointer(start: mantissas, count: count), appendingTo: &bytes)
    }

    /// Fills `mantissas` at the least exponent at which all values but a few have one; an exception repeats the mantissa
    /// before it. Nil where more than `exceptionsMax` have none.
    private func decimalForm(
        _ values: UnsafeBufferPointer<Double>, exceptionsMax: Int
    ) -> (exponent: Int, exceptions: Int)? {
        var exponent = 0
        var power = 1.0
        var exceptions = 0
        var previous: Int64 = 0
        var isUniform = true
        for index in values.indices {
            let value = unsafe values[index]
            if let mantissa = DecimalForm.mantissa(value, power: power) {
                previous = mantissa
            } else if let found = exponentNeeded(value, above: exponent) {
                exponent = found
                power = DecimalForm.powers[found]
                previous = DecimalForm.mantissa(value, power: power)!
                isUniform = isUniform && index == 0
            } else {
                exceptions &+= 1
                if exceptions > exceptionsMax { return nil }
            }
            unsafe mantissas[index] = previous
        }
        if !isUniform { exceptions = unsafe convert(values, power: power) }
        // What leads the block must not pretend to be zero where the values are far from it.
        if exceptions > 0 { unsafe backfill(values, power: power) }
        return exceptions > exceptionsMax ? nil : (exponent, exceptions)
    }

    private func exponentNeeded(_ value: Double, above: Int) -> Int? {
        guard value.isFinite else { return nil }
        var exponent = above &+ 1
        while exponent <= DecimalForm.exponentMax {
            if DecimalForm.mantissa(value, power: DecimalForm.powers[exponent]) != nil { return exponent }
            exponent &+= 1
        }
        return nil
    }

    /// Fills `mantissas` at an exponent that was not known from the start.
    ///
    /// - Returns: how many exceptions there are.
    private func convert(_ values: UnsafeBufferPointer<Double>, power: Double) -> Int {
        var exceptions = 0
        var previous: Int64 = 0
        for index in values.indices {
            if let mantissa = DecimalForm.mantissa(unsafe values[index], power: power) {
                previous = mantissa
            } else {
                exceptions &+= 1
            }
            unsafe mantissas[index] = previous
        }
        return exceptions
    }

    private func backfill(_ values: UnsafeBufferPointer<Double>, power: Double) {
        guard let first = values.indices.first(where: { DecimalForm.mantissa(unsafe values[$0], power: power) != nil })
        else { return }
        for index in 0..<first { unsafe mantissas[index] = mantissas[first] }
    }

    private func appendExceptions(
        _ values: UnsafeBufferPointer<Double>, _ count: Int, power: Double, to bytes: inout [UInt8]
    ) {
        bytes.appendVarint(UInt64(count))
        var last = 0
        for index in values.indices {
            let value = unsafe values[index]
            guard DecimalForm.mantissa(value, power: power) == nil else { continue }
            bytes.appendVarint(UInt64(index &- last))
            bytes.appendLittleEndian(value.bitPattern)
            last = index
        }
    }
}

/// Decodes what `ValueEncoder` wrote.
enum ValueCodec {
    /// Decodes `count` values to `target` and moves `reader` behind the block.
    static func decode(
        _ reader: inout ByteReader, count: Int, to target: UnsafeMutablePointer<Double>
    ) throws(CodecError) {
        let start = reader.offset
        do {
            let tag = try reader.readByte()
            let exponent = Int(tag & DecimalForm.Tag.exponentMask)
            guard exponent <= DecimalForm.exponentMax else { throw CodecError(.exponent(exponent), at: start) }
            var exceptions = reader
            if tag & DecimalForm.Tag.exceptions != 0 { try skipExceptions(&reader, count: count) }
            if let constant = try IntegerCodec.decodeConstant(&reader) {
                let value =
                    tag & DecimalForm.Tag.raw == 0
                    ? Double(constant) / DecimalForm.powers[exponent] : Double(bitPattern: UInt64(bitPattern: constant))
                unsafe target.update(repeating: value, count: count)
            } else {
                try unsafe UnsafeMutableRawPointer(target).withMemoryRebound(to: Int64.self, capacity: count) {
                    try unsafe IntegerCodec.decode(&reader, count: count, to: $0)
                }
                if tag & DecimalForm.Tag.raw == 0 {
                    unsafe ckernels_decimals(target, count, DecimalForm.powers[exponent])
                }
            }
            if tag & DecimalForm.Tag.exceptions != 0 { try unsafe patch(&exceptions, count: count, target) }
        } catch {
            throw CodecError(error, at: start)
        }
    }

    private static func skipExceptions(_ reader: inout ByteReader, count: Int) throws {
        let exceptions = try reader.readVarint()
        guard exceptions <= UInt64(count) else {
            throw CodecError(.exceptions(Int(clamping: exceptions)), at: reader.offset)
        }
        for _ in 0..<exceptions {
            _ = try reader.readVarint()
            try reader.skip(8)
        }
    }

    private static func patch(
        _ reader: inout ByteReader, count: Int, _ target: UnsafeMutablePointer<Double>
    ) throws {
        let exceptions = try reader.readVarint()
        var position = 0
        for _ in 0..<exceptions {
            let distance = try reader.readVarint()
            guard distance < UInt64(count &- position) else {
                throw CodecError(.position(position &+ Int(clamping: distance)), at: reader.offset)
            }
            position &+= Int(distance)
            unsafe target[position] = Double(bitPattern: try reader.readLittleEndian(UInt64.self))
        }
    }
}
