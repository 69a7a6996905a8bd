import Ingest
import Model
import Testing

struct GraphiteLineTests {
    private func read(_ line: String) throws -> GraphiteLine {
        let bytes = Array(line.utf8)
        return try GraphiteLine(bytes.span)
    }

    @Test func aLineIsPathValueAndTime() throws {
        let line = try read("disk.used;datacenter=dc1;rack=a1 42.5 1465839830")
        #expect(line.labels == Labels([("__name__", "disk.used"), ("datacenter", "dc1"), ("rack", "a1")]))
        #expect(line.value == 42.5 && line.timestampMs == 1_465_839_830_000)
        #expect(try read("a 1 -1").timestampMs == nil)
        #expect(try read("a 1").timestampMs == nil)
    }

    @Test(arguments: ["", "a", "a b 1", "a 1 b", "a 1 2 3", ";x=y 1 1", "a;x 1 1"])
    func flawedLinesAreRefused(_ line: String) {
        #expect(throws: GraphiteLine.Flaw.self) { try read(line) }
    }
}
