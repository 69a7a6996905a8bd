import CDecimal

/// Pairs of an instant and a value as Prometheus' API writes them, `[1700000000.123,"0.5"]`. The texts of the instants
/// are made once for all rows over them.
package struct SamplePairs: Sendable {
    /// `,[1700000000.123,"` of each instant, one after the other.
    private var openings: [UInt8] = []
    private var ends: [Int] = [0]

    package init(timesMs: Span<Int64>) {
        ends.reserveCapacity(timesMs.count + 1)
        openings = unsafe [UInt8](unsafeUninitializedCapacity: timesMs.count * Self.openingBytesMax) { bytes, used in
            for index in timesMs.indices {
                unsafe bytes[used] = UInt8(ascii: ",")
                unsafe bytes[used + 1] = UInt8(ascii: "[")
                used += 2
                used += unsafe Self.write(
                    seconds: timesMs[index], to: UnsafeMutableBufferPointer(rebasing: bytes[used...]))
                unsafe bytes[used] = UInt8(ascii: ",")
                unsafe bytes[used + 1] = UInt8(ascii: "\"")
                used += 2
                ends.append(used)
            }
        }
    }

    /// Appends the pairs of a row, one value for each instant, with commas between them.
    ///
    /// - Parameter absent: the bits of a value that stands for none.
    package func append(_ values: Span<Double>, absent: UInt64, to output: inout [UInt8]) {
        var isFirst = true
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Self.blockBytes) { block in
            var used = 0
            func flush(_ output: inout [UInt8]) {
                unsafe output.append(
                    contentsOf: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(block)[..<used]))
                used = 0
            }
            for index in values.indices where values[index].bitPattern != absent {
                if block.count - used < Self.pairBytesMax { flush(&output) }
                let opening = ends[index] + (isFirst ? 1 : 0)..<ends[index + 1]
                isFirst = false
                unsafe openings.withUnsafeBytes { openings in
                    unsafe UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(block)[used...])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: openings[opening]))
                }
                used += opening.count
                let rest = unsafe UnsafeMutableBufferPointer(rebasing: block[used...])
                if let count = unsafe FloatText.write(sample: values[index], to: rest) {
                    used += count
                } else {
                    flush(&output)
                    output += FloatText.sample(values[index]).utf8
                }
                unsafe block[used] = CChar(UInt8(ascii: "\""))
                unsafe block[used + 1] = CChar(UInt8(ascii: "]"))
                used += 2
            }
            flush(&output)
        }
    }

    /// Pairs are written together in blocks of so many bytes.
    private static let blockBytes = 4096
    private static let pairBytesMax = openingBytesMax + FloatText.sampleBytesMax + 2

    /// Appends seconds with as many of three decimals as are needed.
    package static func append(seconds milliseconds: Int64, to output: inout [UInt8]) {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: secondsBytesMax) { text in
            let count = unsafe write(seconds: milliseconds, to: text)
            unsafe output.append(contentsOf: UnsafeBufferPointer(rebasing: text[..<count]))
        }
    }

    /// Writes what `append(seconds:to:)` appends to memory for `secondsBytesMax` bytes, and returns how many that took.
    private static func write(seconds milliseconds: Int64, to output: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var used = 0
        if milliseconds < 0 {
            unsafe output[0] = UInt8(ascii: "-")
            used = 1
        }
        let magnitude = milliseconds.magnitude
        used += unsafe output.withMemoryRebound(to: CChar.self) { digits in
            unsafe cdecimal_whole(magnitude / 1000, digits.baseAddress! + used)
        }
        let rest = Int(magnitude % 1000)
        if rest == 0 { return used }
        unsafe output[used] = UInt8(ascii: ".")
        unsafe output[used + 1] = UInt8(ascii: "0") + UInt8(rest / 100)
        unsafe output[used + 2] = UInt8(ascii: "0") + UInt8(rest / 10 % 10)
        unsafe output[used + 3] = UInt8(ascii: "0") + UInt8(rest % 10)
        return used + 4
    }

    /// A sign, the digits of a whole number, three decimals.
    private static let secondsBytesMax = 1 + Int(CDECIMAL_WHOLE_MAX) + 4
    private static let openingBytesMax = secondsBytesMax + 4
}
