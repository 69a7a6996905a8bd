import Encoding
import TestSupport
import Testing

struct RFC3339Tests {
    /// The examples of RFC 3339, 5.8, and their moments by `date -u -d ... +%s%3N`.
    @Test(
        arguments: [
            ("1985-04-12T23:20:50.52Z", 482_196_050_520), ("1996-12-19T16:39:57-08:00", 851_042_397_000),
            ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130), ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29t00:00:00.1239z", 951_782_400_123),
        ] as [(String, Int64)])
    func momentsAreRead(text: String, ms: Int64) {
        #expect(RFC3339.ms(text) == ms)
    }

    @Test(arguments: [
        "", "2026", "2026-11-20", "2026-11-20T10:00:00", "2026-13-20T10:00:00Z", "2026-02-29T10:00:00Z",
        "2026-11-20T24:00:00Z", "2026-11-20T10:60:00Z", "2026-11-20T10:00:00.Z", "2026-11-20T10:00:00Z ",
        "2026-11-20 10:00:00Z", "2026-11-20T10:00:00+1:00",
    ])
    func otherTextIsNot(text: String) {
        #expect(RFC3339.ms(text) == nil)
    }

    @Test func whatIsWrittenIsReadBack() {
        var random = SeededGenerator(seed: .random(in: .min ... .max))
        print("seed \(random.seed)")
        for _ in 0..<1000 {
            let ms = Int64.random(in: -62_135_596_800_000...253_402_300_799_999, using: &random)
            #expect(RFC3339.ms(CivilTime(ms: ms).rfc3339) == ms)
        }
    }
}
