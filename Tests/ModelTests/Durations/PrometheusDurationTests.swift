import Model
import Testing

struct PrometheusDurationTests {
    @Test(arguments: [
        ("0", 0), ("0s", 0), ("5m", 300_000), ("1h30m", 5_400_000), ("1d1ms", 86_400_001), ("2w", 1_209_600_000),
        ("1y", 31_536_000_000), ("1y2w3d4h5m6s7ms", 33_019_506_007),
    ])
    func unitsAddUp(text: String, milliseconds: Int64) throws {
        #expect(try PrometheusDuration.parse(text) == milliseconds)
    }

    @Test(arguments: ["", "1", "m", "5m5m", "1s1m", "1.5h", "-5m", "5 m", "5M", "99999999999y", "300y"])
    func whatIsNoDurationIsRefused(text: String) {
        #expect(throws: PrometheusDuration.ParseError.self) { try PrometheusDuration.parse(text) }
    }

    @Test(arguments: [
        (0, "0s"), (300_000, "5m"), (5_400_000, "1h30m"), (86_400_001, "1d1ms"), (604_800_000, "1w"),
        (691_200_000, "8d"), (31_536_000_000, "1y"), (32_140_800_000, "372d"), (-60_000, "-1m"),
    ])
    func weeksAndYearsAreWrittenOnlyWhereExact(milliseconds: Int64, text: String) {
        #expect(PrometheusDuration.text(milliseconds: milliseconds) == text)
    }
}
