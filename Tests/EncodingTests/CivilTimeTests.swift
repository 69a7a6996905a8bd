import Encoding
import Foundation
import TestSupport
import Testing

@Suite struct CivilTimeTests {
    @Test func agreesWithTheCLibraryOverManyMoments() {
        var random = SeededGenerator(seed: 31)
        let edges: [Int64] = [0, -1, 1, 951_782_400_000, 951_868_799_999, 4_107_542_399_999, -62_135_596_800_000]
        let moments =
            edges + (0..<5_000).map { _ in Int64.random(in: -62_000_000_000_000...250_000_000_000_000, using: &random) }
        for ms in moments {
            var seconds = time_t((Double(ms) / 1000).rounded(.down))
            var expected = unsafe tm()
            unsafe gmtime_r(&seconds, &expected)
            let civil = CivilTime(ms: ms)
            let shown = [civil.year, civil.month, civil.day, civil.weekday, civil.hour, civil.minute, civil.second]
            let fields = unsafe [
                expected.tm_year + 1900, expected.tm_mon + 1, expected.tm_mday, expected.tm_wday, expected.tm_hour,
                expected.tm_min, expected.tm_sec,
            ]
            #expect(shown == fields.map { Int($0) }, "\(ms) ms, seed \(random.seed)")
            #expect(civil.millisecond == Int(ms - Int64(seconds) * 1000))
        }
    }

    @Test func writesRFC3339WithMilliseconds() {
        #expect(CivilTime(ms: 0).rfc3339 == "1970-01-01T00:00:00.000Z")
        #expect(CivilTime(ms: 951_782_399_007).rfc3339 == "2000-02-28T23:59:59.007Z")
    }
}
