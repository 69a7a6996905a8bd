import Encoding

/// The integer stage under timestamps and values: a common power of two taken out, differences of order 0, 1 or 2,
/// then frame of reference with bit packing, where the few values that do not fit are patched in afterwards.
///
/// Layout: tag; shift (if tagged) and the first value; first difference (order 2); base; width; number of exceptions;
/// packed residuals; exceptions as distance and high bits. See "Blocks" in the format page.
enum IntegerCodec {
    /// The most values of one block; positions and counts of hostile blocks are checked against it.
    static let countMax = 1024

    enum Tag {
        static let orderMask: UInt8 = 0x03
        static let shifted: UInt8 = 0x04
        /// All residuals are zero: neither width nor exceptions follow.
        static let flat: UInt8 = 0x08
        static let exceptions: UInt8 = 0x10
        static let known: UInt8 = 0x1f
    }
}

/// Encodes blocks of integers. Holds its working memory, so that nothing is allocated per block.
@safe
struct IntegerEncoder: ~Copyable {
    private let residuals: UnsafeMutablePointer<UInt64>
    private let shifted: UnsafeMutablePointer<Int64>

    init() {
        unsafe residuals = .allocate(capacity: IntegerCodec.countMax)
        unsafe shifted = .allocate(capacity: IntegerCodec.countMax)
    }

    deinit {
        unsafe residuals.deallocate()
        unsafe shifted.deallocate()
    }

    /// Appends one block of 1...`countMax` values.
    func encode(_ values: UnsafeBufferPointer<Int64>, appendingTo bytes: inout [UInt8]) {
        let count = values.count
        precondition(count > 0 && count <= IntegerCodec.countMax, "BUG: a block of \(count) values")
        let source = values.baseAddress!
        let shift = unsafe commonShift(source, count)
        var input = unsafe source
        if shift > 0 {
            let first = unsafe source[0]
            for index in 0..<count { unsafe shifted[index] = (source[index] &- first) >> Int64(shift) }
            unsafe input = UnsafePointer(shifted)
        }
        let order = unsafe cheapestOrder(input, count)
        var tag = UInt8(order)
        if shift > 0 { tag |= IntegerCodec.Tag.shifted }
        let tagAt = bytes.count
        bytes.append(tag)
        if shift > 0 {
            bytes.append(UInt8(shift))
            bytes.appendZigZag(unsafe source[0])
        }
        if order >= 1 { bytes.appendZigZag(unsafe input[0]) }
        if order == 2 { bytes.appendZigZag(unsafe input[1] &- input[0]) }
        unsafe difference(input, count, order)
        pack(count &- order, tagAt: tagAt, appendingTo: &bytes)
    }

    /// The power of two that all distances from the first value have in common.
    private func commonShift(_ values: UnsafePointer<Int64>, _ count: Int) -> Int {
        let first = unsafe values[0]
        var all: Int64 = 0
        for index in 1..<max(count, 1) { all |= unsafe values[index] &- first }
        return all == 0 ? 0 : all.trailingZeroBitCount
    }

    /// Which order leaves the fewest bits, judged by the distance of each value and step from a middle one.
    private func cheapestOrder(_ values: UnsafePointer<Int64>, _ count: Int) -> Int {
        guard count > 2 else { return 0 }
        let first = unsafe values[0]
        let middle = unsafe values[count >> 1]
        let usualStep = unsafe medianStep(values, count)
        var bits0 = 0
        var bits1 = 0
        var bits2 = 0
        var previous = first
        var previousStep = unsafe values[1] &- first
        for index in 1..<count {
            let value = unsafe values[index]
            let step = value &- previous
            bits0 &+= bitLength(value &- middle)
            bits1 &+= bitLength(step &- usualStep)
            bits2 &+= bitLength(step &- previousStep)
            previous = value
            previousStep = step
        }
        if bits0 <= bits1 && bits0 <= bits2 { return 0 }
        return bits1 <= bits2 ? 1 : 2
    }

    /// The median of three steps: a mean would follow a single reset of a counter.
    private func medianStep(_ values: UnsafePointer<Int64>, _ count: Int) -> Int64 {
        func step(_ index: Int) -> Int64 { unsafe values[index &+ 1] &- values[index] }
        let (a, b, c) = (step(count >> 2), step((count &- 1) >> 1), step(count &- 2))
        return max(min(a, b), min(max(a, b), c))
    }

    @inline(__always)
    private func bitLength(_ value: Int64) -> Int {
        64 &- UInt64(bitPattern: value ^ (value >> 63)).leadingZeroBitCount
    }

    /// Leaves the differences of `order` in `residuals`.
    private func difference(_ values: UnsafePointer<Int64>, _ count: Int, _ order: Int) {
        switch order {
        case 0:
            for index in 0..<count { unsafe residuals[index] = UInt64(bitPattern: values[index]) }
        case 1:
            for index in 1..<count {
                unsafe residuals[index &- 1] = UInt64(bitPattern: values[index] &- values[index &- 1])
            }
        default:
            var previous = unsafe values[1] &- values[0]
            for index in 2..<max(count, 2) {
                let step = unsafe values[index] &- values[index &- 1]
                unsafe residuals[index &- 2] = UInt64(bitPattern: step &- previous)
                previous = step
            }
        }
    }

    private func pack(_ count: Int, tagAt: Int, appendingTo bytes: inout [UInt8]) {
        guard count > 0 else {
            bytes[tagAt] |= IntegerCodec.Tag.flat
            bytes.append(0)
            return
        }
        let base = subtractBase(count)
        bytes.appendZigZag(base.value)
        guard base.used > 0 else {
            bytes[tagAt] |= IntegerCodec.Tag.flat
            return
        }
        let plan = cheapestWidth(count, base.used)
        bytes.append(UInt8(plan.width))
        if plan.exceptions > 0 {
            bytes[tagAt] |= IntegerCodec.Tag.exceptions
            bytes.appendVarint(UInt64(plan.exceptions))
        }
        let packed = BitPacking.byteCount(count, width: plan.width)
        bytes.append(addingCapacity: packed + 8) { room in
            unsafe room.withUnsafeMutableBufferPointer { buffer, initialized in
                unsafe BitPacking.pack(
                    residuals, count: count, width: plan.width, to: UnsafeMutableRawPointer(buffer.baseAddress!))
                initialized = packed
            }
        }
        if plan.exceptions > 0 { appendExceptions(count, width: plan.width, to: &bytes) }
    }

    private func appendExceptions(_ count: Int, width: Int, to bytes: inout [UInt8]) {
        var last = 0
        for index in 0..<count {
            let high = unsafe residuals[index] &>> UInt64(width)
            guard high != 0 else { continue }
            bytes.appendVarint(UInt64(index &- last))
            bytes.appendVarint(high)
            last = index
        }
    }

    /// Takes the least residual off all, or one that leaves a few below it: they wrap to huge ones and become exceptions,
    /// so that one reset of a counter does not widen its whole block.
    ///
    /// - Returns: the base, and the bits that any residual has.
    private func subtractBase(_ count: Int) -> (value: Int64, used: UInt64) {
        var least = Int64.max
        var greatest = Int64.min
        for index in 0..<count {
            let value = unsafe Int64(bitPattern: residuals[index])
            least = min(least, value)
            greatest = max(greatest, value)
        }
        var base = least
        if count >= 32 {
            // The least of 16 samples taken over the block.
            let step = count >> 4
            var sampled = Int64.max
            for index in 0..<16 { sampled = min(sampled, unsafe Int64(bitPattern: residuals[index &* step])) }
            let tail = UInt64(bitPattern: sampled &- least)
            let body = UInt64(bitPattern: greatest &- sampled)
            if tail > body && tail > 64 { base = sampled &- Int64(bitPattern: body >> 2) }
        }
        var used: UInt64 = 0
        for index in 0..<count {
            let value = unsafe residuals[index] &- UInt64(bitPattern: base)
            unsafe residuals[index] = value
            used |= value
        }
        return (base, used)
    }

    /// The width with the fewest bits in all, counting two bytes and the high bits for each exception.
    private func cheapestWidth(_ count: Int, _ used: UInt64) -> (width: Int, exceptions: Int) {
        let widest = 64 &- used.leadingZeroBitCount
        return unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: 65) { lengths in
            unsafe lengths.initialize(repeating: 0)
            for index in 0..<count { unsafe lengths[64 &- residuals[index].leadingZeroBitCount] &+= 1 }
            var best = BitPacking.storedWidth(widest)
            var bestExceptions = 0
            var bestCost = count &* best
            var exceptions = 0
            var highBits = 0
            var width = widest
            while width > 0 {
                let leaving = unsafe Int(lengths[width])
                width &-= 1
                exceptions &+= leaving
                highBits &+= exceptions
                guard exceptions <= count >> 2 else { break }
                guard width == BitPacking.storedWidth(width) else { continue }
                let cost = count &* width &+ exceptions &* 18 &+ highBits
                if cost < bestCost {
                    (best, bestExceptions, bestCost) = (width, exceptions, cost)
                }
            }
            return (best, bestExceptions)
        }
    }
}

/// Decodes what `IntegerEncoder` wrote.
extension IntegerCodec {
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
            var shift: Int64 = 0
            var shiftedFrom: Int64 = 0
            if tag & Tag.shifted != 0 {
                shift = Int64(try reader.readByte() & 63)
                shiftedFrom = try reader.readZigZag()
            }
            let first = order >= 1 ? try reader.readZigZag() : 0
            let firstStep = order == 2 ? try reader.readZigZag() : 0
            try unsafe decodeResiduals(&reader, tag: tag, count: count &- order, to: target + order)
            unsafe integrate(target, count: count, order: order, first: first, firstStep: firstStep)
            if tag & Tag.shifted != 0 {
                for index in 0..<count { unsafe target[index] = (target[index] << shift) &+ shiftedFrom }
            }
        } catch {
            throw CodecError(error, at: start)
        }
    }

    /// Base, width, packed bits and exceptions: leaves the differences in `target`.
    private static func decodeResiduals(
        _ reader: inout ByteReader, tag: UInt8, count: Int, to target: UnsafeMutablePointer<Int64>
    ) throws {
        let base = try reader.readZigZag()
        if tag & Tag.flat != 0 {
            unsafe target.update(repeating: base, count: count)
            return
        }
        let width = Int(try reader.readByte())
        guard width <= BitPacking.widthMax, width == BitPacking.storedWidth(width) else {
            throw CodecError(.width(width), at: reader.offset)
        }
        let exceptions = tag & Tag.exceptions != 0 ? try reader.readVarint() : 0
        guard exceptions <= UInt64(count) else {
            throw CodecError(.exceptions(Int(clamping: exceptions)), at: reader.offset)
        }
        let packed = try reader.readBytes(BitPacking.byteCount(count, width: width))
        try unsafe target.withMemoryRebound(to: UInt64.self, capacity: count) { residuals throws in
            unsafe packed.withUnsafeBytes { source in
                if let start = source.baseAddress {
                    unsafe BitPacking.unpack(
                        start, byteCount: source.count, count: count, width: width, to: residuals)
                } else {
                    unsafe residuals.update(repeating: 0, count: count)
                }
            }
            try unsafe patch(&reader, exceptions: Int(exceptions), width: width, count: count, residuals)
        }
        if base != 0 { for index in 0..<count { unsafe target[index] &+= base } }
    }

    private static func patch(
        _ reader: inout ByteReader, exceptions: Int, width: Int, count: Int, _ residuals: UnsafeMutablePointer<UInt64>
    ) throws {
        var position = 0
        for _ in 0..<exceptions {
            let distance = try reader.readVarint()
            guard distance < UInt64(count &- position) else {
                throw CodecError(.position(position &+ Int(clamping: distance)), at: reader.offset)
            }
            position &+= Int(distance)
            unsafe residuals[position] |= try reader.readVarint() << UInt64(width)
        }
    }

    private static func integrate(
        _ target: UnsafeMutablePointer<Int64>, count: Int, order: Int, first: Int64, firstStep: Int64
    ) {
        guard order > 0 else { return }
        unsafe target[0] = first
        var value = first
        if order == 1 {
            for index in 1..<max(count, 1) {
                value &+= unsafe target[index]
                unsafe target[index] = value
            }
            return
        }
        var step = firstStep
        value &+= step
        unsafe target[1] = value
        for index in 2..<max(count, 2) {
            step &+= unsafe target[index]
            value &+= step
            unsafe target[index] = value
        }
    }
}
