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
        for index in values.indices where values[index].bitPattern != absent {
            let opening = ends[index] + (isFirst ? 1 : 0)..<ends[index + 1]
            isFirst = false
            output.append(contentsOf: openings[opening])
            FloatText.append(sample: values[index], to: &output)
            output.append(UInt8(ascii: "\""))
            output.append(UInt8(ascii: "]"))
        }
    }

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
