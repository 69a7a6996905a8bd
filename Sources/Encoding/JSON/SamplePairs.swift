/// Pairs of an instant and a value as Prometheus' API writes them, `[1700000000.123,"0.5"]`. The texts of the instants
/// are made once for all rows over them.
package struct SamplePairs: Sendable {
    /// `,[1700000000.123,"` of each instant, one after the other.
    private var openings: [UInt8] = []
    private var ends: [Int] = [0]

    package init(timesMs: Span<Int64>) {
        for index in timesMs.indices {
            openings.append(UInt8(ascii: ","))
            openings.append(UInt8(ascii: "["))
            Self.append(seconds: timesMs[index], to: &openings)
            openings.append(UInt8(ascii: ","))
            openings.append(UInt8(ascii: "\""))
            ends.append(openings.count)
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
    /// `,[-9223372036854775.808,"`, a value, `"]`.
    private static let pairBytesMax = 25 + FloatText.sampleBytesMax + 2

    /// Appends seconds with as many of three decimals as are needed.
    package static func append(seconds milliseconds: Int64, to output: inout [UInt8]) {
        if milliseconds < 0 { output.append(UInt8(ascii: "-")) }
        let magnitude = milliseconds.magnitude
        JSONText.append(number: magnitude / 1000, to: &output)
        let rest = Int(magnitude % 1000)
        if rest == 0 { return }
        output.append(UInt8(ascii: "."))
        output.append(UInt8(ascii: "0") + UInt8(rest / 100))
        output.append(UInt8(ascii: "0") + UInt8(rest / 10 % 10))
        output.append(UInt8(ascii: "0") + UInt8(rest % 10))
    }
}
