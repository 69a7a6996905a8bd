import Encoding
import TestSupport
import Testing

/// The expected texts are those of Go's strconv and fmt for the same arguments.
struct FloatTextTests {
    @Test(arguments: [
        (0.0, "0"), (-0.0, "-0"), (1, "1"), (-2.5, "-2.5"), (1e21, "1000000000000000000000"), (1e-7, "0.0000001"),
        (123_456_789, "123456789"), (0.1, "0.1"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        (.leastNonzeroMagnitude, "0." + String(repeating: "0", count: 323) + "5"),
        (9_007_199_254_740_992, "9007199254740992"),
        (1.5e300, "15" + String(repeating: "0", count: 299)),
    ])
    func plainNeverHasAnExponent(value: Double, text: String) {
        #expect(FloatText.plain(value) == text)
    }

    @Test(arguments: [
        (0.0, "0"), (100_000, "100000"), (1_000_000, "1e+06"), (123_456_789, "1.23456789e+08"), (0.0001, "0.0001"),
        (0.00001, "1e-05"), (-1.25e-10, "-1.25e-10"), (1e100, "1e+100"), (3.14, "3.14"),
    ])
    func generalTurnsToAnExponentAtSixPlaces(value: Double, text: String) {
        #expect(FloatText.general(value) == text)
    }

    @Test(arguments: [(1.0, "1"), (0.996, "1"), (12.5, "12"), (13.5, "14"), (123, "1.2e+02"), (0.000123, "0.00012")])
    func twoSignificantDigitsRoundHalfToEven(value: Double, text: String) {
        #expect(FloatText.general(value, significant: 2) == text)
    }

    @Test(arguments: [
        (1.0, "1"), (1e-6, "0.000001"), (9e-7, "9e-07"), (1e20, "100000000000000000000"), (1e21, "1e+21"),
        (0.0, "0"), (.nan, "NaN"),
    ])
    func samplesAreWrittenAsThePrometheusAPIDoes(value: Double, text: String) {
        #expect(FloatText.sample(value) == text)
    }

    @Test(arguments: [(0.0, "0.0"), (1, "1.0"), (0.5, "0.5"), (1e7, "1e+07"), (-1, "-1.0"), (.infinity, "+Inf")])
    func openMetricsNumbersAlwaysLookLikeFloats(value: Double, text: String) {
        #expect(FloatText.openMetrics(value) == text)
    }

    @Test(arguments: [
        (1.5, "1.500000"), (0, "0.000000"), (2.0000005, "2.000001"), (2.675, "2.675000"), (-12.34567891, "-12.345679"),
    ])
    func fixedHasAllItsPlaces(value: Double, text: String) {
        #expect(FloatText.fixed(value, decimals: 6) == text)
    }

    @Test func everyFormReadsBackAsTheSameBits() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<20_000 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            for text in [FloatText.plain(value), FloatText.general(value), FloatText.sample(value)] {
                let read = FloatReading.float(text)
                #expect(read?.bitPattern == value.bitPattern, "\(text)")
            }
        }
    }

    /// `sample` makes its text another way.
    @Test func samplesInABufferAreThoseOfTheText() {
        var generator = SeededGenerator(seed: 12)
        for index in 0..<100_000 {
            let bits = generator.next()
            let value: Double =
                switch index % 5 {
                case 0: Double(bitPattern: bits)
                case 1: Double(Int64(bitPattern: bits) >> Int64(bits % 60)) / 1000
                case 2: Double(Int64(bitPattern: bits) >> Int64(bits % 60)) / 1_000_000
                // Beside a number of few decimals: many digits are needed to tell it from that.
                case 3: (Double(Int64(bitPattern: bits) >> Int64(bits % 60)) / 1_000_000).nextUp
                default: Double(bits >> 11) * 0x1p-53 * 1e5
                }
            var output = Array("=".utf8)
            FloatText.append(sample: value, to: &output)
            #expect(String(decoding: output, as: UTF8.self) == "=" + FloatText.sample(value))
        }
    }

    @Test(arguments: [
        (0.0, "0"), (-0.0, "-0"), (-7, "-7"), (1e-6, "0.000001"), (-9e-7, "-9e-07"), (0.1 + 0.2, "0.30000000000000004"),
        (9_007_199_254_740_992, "9007199254740992"), (1e21, "1e+21"), (.infinity, "+Inf"), (.nan, "NaN"),
        (1_152_921_504_606_846_976, "1152921504606847000"),
    ])
    func samplesInABufferAreWrittenAsThePrometheusAPIDoes(value: Double, text: String) {
        var output: [UInt8] = []
        FloatText.append(sample: value, to: &output)
        #expect(String(decoding: output, as: UTF8.self) == text)
    }

    @Test(arguments: [
        ("1e3", 1000.0), ("0x1f", 31), ("017", 15), ("08", 8), ("1_000", 1000), ("0x_1F", 31), ("0X1P-2", 0.25),
        (".5", 0.5), ("2.", 2), ("inF", .infinity), ("-Infinity", -.infinity), ("1_0.5", 10.5), ("0b11", 3),
    ])
    func numbersAreReadInAllOfGosForms(text: String, value: Double) {
        #expect(FloatReading.number(text) == value)
    }

    @Test(arguments: ["", "1__0", "_1", "1_", "0x1.8", "1e999", "nan(1)", " 1", "1 ", "e5", "--1", "0x", "1e", "+-1"])
    func whatGoRefusesIsRefused(text: String) {
        #expect(FloatReading.number(text) == nil)
    }

    @Test func nanIsReadInAnyCase() {
        #expect(FloatReading.float("nAn")?.isNaN == true)
    }
}
