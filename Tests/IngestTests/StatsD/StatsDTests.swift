import Encoding
import Model
import Testing

@testable import Ingest

/// Lines of the StatsD and DogStatsD documents.
struct StatsDTests {
    private func read(_ line: String) throws -> StatsDLine {
        let bytes = Array(line.utf8)
        return try StatsDLine(bytes.span)
    }

    @Test func linesOfAllTypes() throws {
        #expect(try read("gorets:1|c|@0.1").rate == 0.1)
        #expect(try read("glork:320|ms").values == [0.32])
        #expect(try read("gaugor:-10|g").isRelative)
        #expect(try !read("gaugor:333|g").isRelative)
        #expect(try read("uniques:765|s").members == ["765"])
        let tagged = try read("users.online:1:2|c|@0.5|#country:china,env")
        #expect(tagged.values == [1, 2] && tagged.tags.map(\.name) == ["country", "env"])
    }

    @Test(arguments: ["", "a", ":1|c", "a:1", "a:1|x", "a:b|c", "a:1|c|@0", "a:1|c|@2"])
    func flawedLinesAreRefused(_ line: String) {
        #expect(throws: StatsDLine.Flaw.self) { try read(line) }
    }

    @Test func countersGrowGaugesMoveTimersFillBuckets() throws {
        var metrics = StatsDMetrics()
        for line in [
            "a.b:1|c|@0.5|#x:y", "a.b:3|c|#x:y", "g:5|g", "g:+2|g", "g:-1|g", "t:300|ms", "t:2|h", "s:u|s", "s:u|s",
        ] {
            metrics.take(try read(line))
        }
        var batch = LabelledBatch(keySeed: Hash128(low: 1, high: 2))
        metrics.write(atMs: 1, to: &batch)
        var found: [String: Double] = [:]
        for series in batch.batch.series {
            let labels = Labels(canonical: Array(batch.batch.labelBytes[series.labels]))
            found[labels.pairs.map { "\($0.name)=\($0.value)" }.joined(separator: ",")] =
                batch.batch.values[series.samples.lowerBound]
        }
        #expect(found["__name__=a_b,x=y"] == 5 && found["__name__=g"] == 6 && found["__name__=s"] == 1)
        #expect(found["__name__=t_count"] == 2 && found["__name__=t_sum"] == 2.3)
        #expect(found["__name__=t_bucket,le=0.25"] == 0 && found["__name__=t_bucket,le=0.5"] == 1)
        #expect(found["__name__=t_bucket,le=2.5"] == 2 && found["__name__=t_bucket,le=+Inf"] == 2)
    }
}
