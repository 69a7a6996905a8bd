import CKernels

/// Arrays of integers with the same number of bits each, 0 to 64.
///
/// The first value lies in the lowest bits of the first byte, the next one above it, without gaps; the bits behind
/// the last value are zero. So eight values take exactly `width` bytes, and the k-th of each eight lies at the
/// same offsets in bytes and bits, which the kernel computes once.
package enum BitPacking {
    /// The most bits that `width` may be.
    package static let widthMax = 64

    package static func byteCount(of count: Int, width: Int) -> Int { (count * width + 7) / 8 }

    /// The fewest bits that hold each of the values.
    package static func width(of values: Span<UInt64>) -> Int {
        var bits: UInt64 = 0
        for index in values.indices { bits |= unsafe values[unchecked: index] }
        return UInt64.bitWidth - bits.leadingZeroBitCount
    }

    /// Appends `byteCount(of:width:)` bytes. Bits of a value above `width` are dropped: who keeps exceptions apart
    /// need not mask them.
    package static func pack(_ values: Span<UInt64>, width: Int, appendingTo bytes: inout [UInt8]) {
        precondition((0...widthMax).contains(width), "BUG: a width of \(width) bits")
        let size = byteCount(of: values.count, width: width)
        guard size > 0 else { return }
        // Words are stored whole; what the last one writes too much is not counted.
        bytes.append(addingCapacity: size + 8) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, written in
                unsafe store(values, width, to: UnsafeMutableRawPointer(buffer.baseAddress!))
                written = size
            }
        }
    }

    /// Appends `count` values from the start of `bytes` and returns how many bytes they took.
    package static func unpack(
        _ bytes: Span<UInt8>, count: Int, width: Int, appendingTo values: inout [UInt64]
    ) throws(DecodeError) -> Int {
        guard (0...widthMax).contains(width) else { throw DecodeError(.invalidBitWidth(width), at: 0) }
        let (bits, overflows) = count.multipliedReportingOverflow(by: width)
        guard count >= 0, !overflows, bits <= bytes.count * 8 else {
            throw DecodeError(.truncated(missing: overflows ? .max : (bits + 7) / 8 - bytes.count), at: bytes.count)
        }
        values.append(addingCapacity: count) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, written in
                unsafe bytes.withUnsafeBytes { unsafe unpack($0, count: count, width: width, to: buffer.baseAddress!) }
                written = count
            }
        }
        return (bits + 7) / 8
    }

    /// Unpacks to memory of the caller. `bytes` holds at least `byteCount(of:width:)`; the more is readable behind them,
    /// the fewer values have to take the way through a copy.
    package static func unpack(
        _ bytes: UnsafeRawBufferPointer, count: Int, width: Int, to values: UnsafeMutablePointer<UInt64>
    ) {
        guard width > 0, let start = bytes.baseAddress else {
            unsafe values.update(repeating: 0, count: count)
            return
        }
        precondition(width <= widthMax && byteCount(of: count, width: width) <= bytes.count, "BUG: \(count) values")
        let groups = max(0, min(count / 8, (bytes.count - reach) / width))
        unsafe loadGroups(start, groups, width, to: values)
        let rest = count - groups * 8
        guard rest > 0 else { return }
        let tail = unsafe UnsafeRawBufferPointer(rebasing: bytes[(groups * width)..<((count * width + 7) / 8)])
        unsafe loadTail(tail, rest, width, to: values + groups * 8)
    }

    /// How many bytes behind its last group the kernel may read.
    private static let reach = 16
}

extension BitPacking {
    @inline(__always)
    private static func mask(_ width: Int) -> UInt64 { width == 0 ? 0 : .max &>> UInt64(64 &- width) }

    private static func store(_ values: Span<UInt64>, _ width: Int, to start: UnsafeMutableRawPointer) {
        let mask = mask(width)
        var word: UInt64 = 0
        var filled = 0
        var at = unsafe start
        for index in values.indices {
            let value = unsafe values[unchecked: index] & mask
            word |= value &<< UInt64(filled)
            filled &+= width
            if filled >= 64 {
                unsafe at.storeBytes(of: word.littleEndian, as: UInt64.self)
                unsafe at += 8
                filled &-= 64
                // What did not fit: the upper `filled` of `width` bits, none where the word ended with the value.
                word = filled == 0 ? 0 : value &>> UInt64(width &- filled)
            }
        }
        unsafe at.storeBytes(of: word.littleEndian, as: UInt64.self)
    }

    private static func loadTail(
        _ tail: UnsafeRawBufferPointer, _ count: Int, _ width: Int, to values: UnsafeMutablePointer<UInt64>
    ) {
        let groups = (count + 7) / 8
        unsafe withUnsafeTemporaryAllocation(byteCount: groups * width + 16, alignment: 8) { copy in
            unsafe copy.initializeMemory(as: UInt8.self, repeating: 0)
            unsafe copy.copyMemory(from: tail)
            unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: groups * 8) { whole in
                unsafe loadGroups(UnsafeRawPointer(copy.baseAddress!), groups, width, to: whole.baseAddress!)
                unsafe values.update(from: whole.baseAddress!, count: count)
            }
        }
    }

    private static func loadGroups(
        _ start: UnsafeRawPointer, _ groups: Int, _ width: Int, to values: UnsafeMutablePointer<UInt64>
    ) {
        if width <= 56 {
            unsafe ckernels_unpack(start, groups, UInt32(width), values)
            return
        }
        let mask = mask(width)
        var at = unsafe start
        var value = unsafe values
        for _ in 0..<groups {
            for place in 0..<8 {
                let first = unsafe at + (place &* width) &>> 3
                let shift = UInt64(place &* width & 7)
                let above = UInt64(unsafe first.load(fromByteOffset: 8, as: UInt8.self))
                unsafe value[place] = (word(first) &>> shift | (above &<< 1) &<< (63 &- shift)) & mask
            }
            unsafe at += width
            unsafe value += 8
        }
    }

    @inline(__always)
    private static func word(_ at: UnsafeRawPointer) -> UInt64 {
        unsafe UInt64(littleEndian: at.loadUnaligned(as: UInt64.self))
    }
}
