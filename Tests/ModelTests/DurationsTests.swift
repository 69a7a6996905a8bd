import Model
import TestSupport
import Testing

@Suite struct DurationsTests {
    /// From the tests of Prometheus' model package.
    @Test(
        arguments: [
            ("0", 0), ("0w", 0), ("0s", 0), ("324ms", 324), ("3s", 3000), ("5m", 300_000), ("1h", 3_600_000),
            ("4d", 345_600_000), ("4d1h", 349_200_000), ("1d1ms", 86_400_001), ("1y2w3d4h5m6s7ms", 33_019_506_007),
            ("14d", 1_209_600_000), ("3w", 1_814_400_000),
            ("3w2d1h", 1_990_800_000), ("10y", 315_360_000_000),
        ] as [(String, Int64)])
    func readsWhatPrometheusReads(text: String, expected: Int64) throws {
        #expect(try Durations.milliseconds(of: text) == expected)
        #expect(try Durations.milliseconds(of: "-" + text, allowingNegative: true) == -expected)
    }

    @Test(arguments: [
        "", "1", "1y1m1d", "-1w", "1.5d", "d", "294y", "200y10400w", "107675d", "2584200h", "1 s", "1S", "1m1m", "1s1m",
        "m", "99999999999y",
    ])
    func refusesWhatPrometheusRefuses(text: String) {
        #expect(throws: DurationError.self) { _ = try Durations.milliseconds(of: text) }
    }

    @Test(arguments: ["", "-", "--1s", "-1"])
    func refusesMalformedNegativeOnes(text: String) {
        #expect(throws: DurationError.self) { _ = try Durations.milliseconds(of: text, allowingNegative: true) }
    }

    @Test(
        arguments: [
            (0, "0s"), (324, "324ms"), (3000, "3s"), (300_000, "5m"), (3_600_000, "1h"), (345_600_000, "4d"),
            (349_200_000, "4d1h"), (1_209_600_000, "2w"), (1_990_800_000, "23d1h"), (315_360_000_000, "10y"),
            (31_536_000_000 + 86_400_000, "366d"), (-5400_000, "-1h30m"), (65_001, "1m5s1ms"),
        ] as [(Int64, String)])
    func printsAsPrometheusDoes(milliseconds: Int64, expected: String) {
        #expect(Durations.text(ofMs: milliseconds) == expected)
    }

    @Test func readsBackWhatItPrints() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let milliseconds = Int64.random(in: -9_000_000_000_000...9_000_000_000_000, using: &random)
            let text = Durations.text(ofMs: milliseconds)
            #expect(try Durations.milliseconds(of: text, allowingNegative: true) == milliseconds, "seed 7: \(text)")
        }
    }

    @Test func saysWhatIsWrong() {
        #expect {
            _ = try Durations.milliseconds(of: "-1h")
        } throws: { "\($0)" == "not a valid duration string: \"-1h\"" }
        #expect {
            _ = try Durations.milliseconds(of: "99999999999999999999y")
        } throws: { "\($0)".contains("out of range") }
    }
}
