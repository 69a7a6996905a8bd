/// Whole arrays at once: one crossing of the module border and one check of capacity for the block.
extension Varint {
    /// Appends each value to `bytes`.
    package static func append(_ values: Span<UInt64>, to bytes: inout [UInt8]) {
        appendEach(of: values.count, to: &bytes) { index in unsafe values[unchecked: index] }
    }

    /// Appends each value to `bytes` with its sign in the lowest bit.
    package static func appendZigZag(_ values: Span<Int64>, to bytes: inout [UInt8]) {
        appendEach(of: values.count, to: &bytes) { index in unsafe ZigZag.encode(values[unchecked: index]) }
    }

    /// Appends exactly `count` values from the start of `bytes` to `values` and returns how many bytes they took.
    /// After an error `values` is as before.
    package static func decode(
        _ bytes: Span<UInt8>, count: Int, appendingTo values: inout [UInt64]
    ) throws(DecodeError) -> Int {
        try decodeEach(bytes, count: count, appendingTo: &values) { $0 }
    }

    /// `decode` for values written by `appendZigZag`.
    package static func decodeZigZag(
        _ bytes: Span<UInt8>, count: Int, appendingTo values: inout [Int64]
    ) throws(DecodeError) -> Int {
        try decodeEach(bytes, count: count, appendingTo: &values, ZigZag.decode)
    }

    /// How many varints end within `bytes`, which is how many values a packed run holds.
    package static func count(in bytes: Span<UInt8>) -> Int {
        unsafe bytes.withUnsafeBufferPointer { unsafe $0.reduce(0) { $0 &+ Int(1 &- $1 &>> 7) } }
    }
}

extension Varint {
    /// Writes `value` at `start`, where ten bytes must be free, and returns how many it took.
    @inline(__always)
    static func store(_ value: UInt64, to start: UnsafeMutablePointer<UInt8>) -> Int {
        var rest = value
        var at = 0
        while rest >= 0x80 {
            unsafe start[at] = UInt8(truncatingIfNeeded: rest) | 0x80
            rest >>= 7
            at &+= 1
        }
        unsafe start[at] = UInt8(truncatingIfNeeded: rest)
        return at &+ 1
    }

    @inline(__always)
    private static func appendEach(of count: Int, to bytes: inout [UInt8], _ value: (Int) -> UInt64) {
        // Stepwise, so that a block of small values does not reserve ten bytes for each.
        let stepMax = 512
        var done = 0
        while done < count {
            let step = min(stepMax, count - done)
            bytes.append(addingCapacity: step * byteCountMax) { output in
                unsafe output.withUnsafeMutableBufferPointer { buffer, written in
                    for index in done..<done &+ step {
                        written &+= unsafe store(value(index), to: buffer.baseAddress! + written)
                    }
                }
            }
            done += step
        }
    }

    @inline(__always)
    private static func decodeEach<T: BitwiseCopyable>(
        _ bytes: Span<UInt8>, count: Int, appendingTo values: inout [T], _ value: (UInt64) -> T
    ) throws(DecodeError) -> Int {
        // Each value takes a byte at least; checked first so that a wrong count cannot ask for much memory.
        guard count >= 0, count <= bytes.count else {
            throw DecodeError(.truncated(missing: count - bytes.count), at: bytes.count)
        }
        var used = 0
        let before = values.count
        do {
            try values.append(addingCapacity: count) { output throws(DecodeError) in
                try unsafe output.withUnsafeMutableBufferPointer { buffer, written throws(DecodeError) in
                    used = try unsafe bytes.withUnsafeBytes { source throws(DecodeError) in
                        try unsafe decodeRun(source, count, to: buffer.baseAddress!, value)
                    }
                    written = count
                }
            }
        } catch {
            values.removeLast(values.count - before)
            throw error
        }
        return used
    }

    @inline(__always)
    private static func decodeRun<T>(
        _ bytes: UnsafeRawBufferPointer, _ count: Int, to target: UnsafeMutablePointer<T>, _ value: (UInt64) -> T
    ) throws(DecodeError) -> Int {
        guard let start = bytes.baseAddress else { return 0 }
        var position = 0
        for index in 0..<count {
            let next = try unsafe decode(start, position, bytes.count)
            position = next.end
            unsafe (target + index).initialize(to: value(next.value))
        }
        return position
    }
}
