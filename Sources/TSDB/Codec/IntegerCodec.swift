import CKernels
import Encoding

/// The integer stage under timestamps and values: the greatest common divisor taken out, differences of order 0, 1 or 2,
/// then frame of reference with bit packing, where the few values that do not fit are patched in afterwards.
///
/// Layout: tag; unit (if tagged) with the value it counts from; first value and first difference as the order wants them;
/// base; width; number of exceptions; packed residuals; packed distances and high bits of the exceptions. See "Blocks" in
/// the format page.
enum IntegerCodec {
    /// The most values of one block; positions and counts of hostile blocks are checked against it.
    static let countMax = 1024

    enum Tag {
        static let orderMask: UInt8 = 0x03
        static let unit: UInt8 = 0x04
        /// All residuals equal the base: neither width nor exceptions follow.
        static let flat: UInt8 = 0x08
        static let exceptions: UInt8 = 0x10
        static let known: UInt8 = 0x1f
    }

    /// Decodes `count` values to `target`, which has room for eight bytes more, and moves `reader` behind the block.
    static func decode(
        _ reader: inout ByteReader, count: Int, to target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) {
        precondition(count > 0 && count <= countMax, "BUG: a block of \(count) values")
        let start = reader.offset
        do {
            let tag = try reader.readByte()
            let order = Int(tag & Tag.orderMask)
            guard tag & ~Tag.known == 0, order <= 2, order <= count else {
                throw CodecError(.unknownForm(tag), at: start)
            }
            let hasUnit = tag & Tag.unit != 0
            let unit = hasUnit ? Int64(bitPattern: try reader.readVarint()) : 1
            let origin = hasUnit ? try reader.readZigZag() : 0
            let first = order >= 1 && !hasUnit ? try reader.readZigZag() : 0
            let firstStep = order == 2 ? try reader.readZigZag() : 0
            let base = try reader.readZigZag()
            if tag & Tag.flat != 0 {
                unsafe (target + order).update(repeating: 0, count: count &- order)
            } else {
                try unsafe decodeResiduals(&reader, tag: tag, count: count &- order, to: target + order)
            }
            unsafe integrate(target, count: count, order: order, base: base, first: first, firstStep: firstStep)
            if hasUnit {
                for index in 0..<count { unsafe target[index] = (target[index] &* unit) &+ origin }
            }
        } catch {
            throw CodecError(error, at: start)
        }
    }

    /// The value that all of the block have, if the block says so at once; moves `reader` behind the block then.
    @inline(__always)
    static func decodeConstant(_ reader: inout ByteReader) throws(DecodeError) -> Int64? {
        var ahead = reader
        guard try ahead.readByte() == Tag.flat else { return nil }
        let value = try ahead.readZigZag()
        reader = ahead
        return value
    }

    /// Width, packed bits and exceptions: leaves the residuals, without their base, in `target`.
    private static func decodeResiduals(
        _ reader: inout ByteReader, tag: UInt8, count: Int, to target: UnsafeMutablePointer<Int64>
    ) throws {
        let width = try readWidth(&reader)
        let exceptions = tag & Tag.exceptions != 0 ? try reader.readVarint() : 0
        guard exceptions <= UInt64(count) else {
            throw CodecError(.exceptions(Int(clamping: exceptions)), at: reader.offset)
        }
        try unsafe target.withMemoryRebound(to: UInt64.self, capacity: count) { residuals in
            try unsafe unpack(&reader, count: count, width: width, to: residuals)
            if exceptions > 0 {
                try unsafe patch(&reader, exceptions: Int(exceptions), width: width, count: count, residuals)
            }
        }
    }

    private static func readWidth(_ reader: inout ByteReader) throws -> Int {
        let width = Int(try reader.readByte())
        guard width <= BitPacking.widthMax else { throw CodecError(.width(width), at: reader.offset) }
        return width
    }

    private static func unpack(
        _ reader: inout ByteReader, count: Int, width: Int, to target: UnsafeMutablePointer<UInt64>
    ) throws(DecodeError) {
        let packed = try reader.readBytes(BitPacking.byteCount(of: count, width: width))
        // What follows in the same memory may be read by the kernel, which then needs no copy of the end.
        let behind = reader.remaining
        unsafe packed.withUnsafeBytes { packed in
            let readable = unsafe UnsafeRawBufferPointer(start: packed.baseAddress, count: packed.count &+ behind)
            unsafe BitPacking.unpack(readable, count: count, width: width, to: target)
        }
    }

    private static func patch(
        _ reader: inout ByteReader, exceptions: Int, width: Int, count: Int, _ residuals: UnsafeMutablePointer<UInt64>
    ) throws {
        let distanceWidth = try readWidth(&reader)
        let highWidth = try readWidth(&reader)
        try unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: exceptions &* 2) { room in
            let distances = room.baseAddress!
            let highs = unsafe distances.advanced(by: exceptions)
            try unsafe unpack(&reader, count: exceptions, width: distanceWidth, to: distances)
            try unsafe unpack(&reader, count: exceptions, width: highWidth, to: highs)
            var position = 0
            for index in 0..<exceptions {
                let distance = unsafe distances[index]
                guard distance < UInt64(count &- position) else {
                    throw CodecError(.position(position &+ Int(clamping: distance)), at: reader.offset)
                }
                position &+= Int(distance)
                let high = UInt64(bitPattern: ZigZag.decode(unsafe highs[index]))
                unsafe residuals[position] &+= width == 64 ? 0 : high &<< UInt64(width)
            }
        }
    }

    private static func integrate(
        _ target: UnsafeMutablePointer<Int64>, count: Int, order: Int, base: Int64, first: Int64, firstStep: Int64
    ) {
        switch order {
        case 0: if base != 0 { for index in 0..<count { unsafe target[index] &+= base } }
        case 1:
            unsafe target[0] = first
            unsafe ckernels_integrate(target + 1, count &- 1, base, first)
        default:
            unsafe target[0] = first
            unsafe target[1] = firstStep
            unsafe ckernels_integrate(target + 2, count &- 2, base, firstStep)
            unsafe ckernels_integrate(target + 1, count &- 1, 0, first)
        }
    }
}
