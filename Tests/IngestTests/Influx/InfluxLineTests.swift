import Ingest
import Testing

/// The rules of InfluxDB's documentation of the line protocol, with its own examples.
struct InfluxLineTests {
    private func read(_ line: String) throws -> InfluxLine {
        let bytes = Array(line.utf8)
        return try InfluxLine(bytes.span)
    }

    @Test func aPointHasTagsFieldsAndTime() throws {
        let line = try read("weather,location=us-midwest temperature=82,humidity=71i 1465839830100400200")
        #expect(line.measurement == "weather" && line.timestamp == 1_465_839_830_100_400_200)
        #expect(line.tags.map(\.name) == ["location"] && line.tags.map(\.value) == ["us-midwest"])
        #expect(line.fields.map(\.name) == ["temperature", "humidity"] && line.fields.map(\.value) == [82, 71])
    }

    @Test func backslashesTakeMarksOutOfTheirMeaning() throws {
        let line = try read(#"wea\,ther\ x,loc\ ation\,place=us\,mid\=west te\=mp=82"#)
        #expect(line.measurement == "wea,ther x")
        #expect(line.tags.map(\.name) == ["loc ation,place"] && line.tags.map(\.value) == ["us,mid=west"])
        #expect(line.fields.map(\.name) == ["te=mp"] && line.timestamp == nil)
    }

    @Test func textsArePassedOverAndTruthIsOneOrZero() throws {
        let line = try read(#"m s="a, b=\"c\" 1 2",t=true,f=F,u=7u,e=-1.5e3"#)
        #expect(line.fields.map(\.name) == ["t", "f", "u", "e"] && line.fields.map(\.value) == [1, 0, 7, -1500])
    }

    @Test(
        arguments: [
            "", "m", "m ", "m,t x=1", "m,=v x=1", "m x", "m x=", "m =1", "m x=1z", "m x=\"a", "m x=1 a", "m x=1 1 2",
        ])
    func flawedLinesAreRefused(_ line: String) {
        #expect(throws: InfluxLine.Flaw.self) { try read(line) }
    }
}
