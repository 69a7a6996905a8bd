import Encoding
import TestSupport
import Testing

struct SamplePairsTests {
    private static let absent = Double.nan.bitPattern

    private func text(_ timesMs: [Int64], _ rows: [[Double]]) -> [String] {
        let pairs = SamplePairs(timesMs: timesMs.span)
        return rows.map { row in
            var output: [UInt8] = []
            pairs.append(row.span, absent: Self.absent, to: &output)
            return String(decoding: output, as: UTF8.self)
        }
    }

    @Test func commasStandBetweenPairsOnly() {
        let rows = text(
            [1000, 2500, -1], [[1, 0.5, .infinity], [.nan, 2, .nan], [.nan, .nan, 3], [.nan, .nan, .nan]])
        #expect(
            rows == [#"[1,"1"],[2.500,"0.5"],[-0.001,"+Inf"]"#, #"[2.500,"2"]"#, #"[-0.001,"3"]"#, ""])
    }

    @Test func aLongRowIsWrittenAsItsPairsAre() {
        var generator = SeededGenerator(seed: 13)
        let timesMs = (0..<2000).map { 1_700_000_000_000 + $0 * 250 as Int64 }
        let row = timesMs.map { _ -> Double in
            switch generator.next() % 4 {
            case 0: Double(bitPattern: generator.next())
            case 1: Double(generator.next() % 1000) / 100
            case 2: .nan
            default: Double(generator.next() >> 20)
            }
        }
        let pairs = zip(timesMs, row).filter { $1.bitPattern != Self.absent }.map { text([$0], [[$1]])[0] }
        #expect(text(timesMs, [row]) == [pairs.joined(separator: ",")])
    }

    @Test(arguments: [
        (0 as Int64, "0"), (1, "0.001"), (1_700_000_000_120, "1700000000.120"), (-1500, "-1.500"),
        (.min, "-9223372036854775.808"),
    ])
    func secondsHaveThreeDecimalsOrNone(timeMs: Int64, seconds: String) {
        var output: [UInt8] = []
        SamplePairs.append(seconds: timeMs, to: &output)
        #expect(String(decoding: output, as: UTF8.self) == seconds)
    }
}
