import Encoding
import Model
import Posix
import TestSupport
import Testing

@testable import TSDB

@Suite("The check of a part")
struct SamplePartCheckTests {
    @Test("finds nothing in what the writer makes of any samples")
    func findsNothing() throws {
        var generator = SeededGenerator.announced()
        for _ in 0..<30 {
            var writer = SamplePartWriter()
            for id in UInt64(1)...UInt64(Int.random(in: 1...60, using: &generator)) {
                let count = Int.random(in: 1...3000, using: &generator)
                var timeMs = Int64.random(in: -1_000_000...1_000_000, using: &generator)
                let times = (0..<count).map { _ in
                    timeMs += Int64.random(in: 1...30_000, using: &generator)
                    return timeMs
                }
                let values = (0..<count).map { _ in Double(Int.random(in: 0...999, using: &generator)) / 10 }
                add(id, times, values, to: &writer)
            }
            try SamplePartCheck.run(finished(&writer))
        }
    }

    @Test("names timestamps that do not ascend, blocks that overlap, and series that the index does not have")
    func findsBrokenPromises() throws {
        for times: [Int64] in [[2, 1], [1, 1], [5, 6, 4]] {
            var writer = SamplePartWriter()
            add(7, times, times.map { Double($0) }, to: &writer)
            #expect(throws: PartError.self) { try SamplePartCheck.run(finished(&writer)) }
        }
        var overlapping = SamplePartWriter()
        add(7, [1, 2, 3], [1, 2, 3], to: &overlapping)
        add(7, [3, 4], [1, 2], to: &overlapping)
        #expect(throws: PartError.self) { try SamplePartCheck.run(finished(&overlapping)) }
        var unknown = SamplePartWriter()
        add(7, [1], [1], to: &unknown)
        let file = finished(&unknown)
        try SamplePartCheck.run(file) { $0 == 7 }
        #expect(throws: PartError.self) { try SamplePartCheck.run(file) { $0 == 8 } }
    }

    @Test("finds every flipped bit")
    func findsFlippedBits() throws {
        var generator = SeededGenerator.announced()
        var writer = SamplePartWriter()
        for id: UInt64 in 1...20 { add(id, (0..<50).map { $0 * 15_000 }, (0..<50).map { Double($0 * 3) }, to: &writer) }
        let whole = bytes(finished(&writer))
        for _ in 0..<500 {
            var damaged = whole
            damaged[Int.random(in: whole.indices, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            let file = MappedFile(copying: damaged.span, path: "damaged")
            #expect(throws: PartError.self) { try SamplePartCheck.run(file) }
        }
    }

    /// What a checksum does not catch, because who made the bytes has made it fit.
    @Test(
        "refuses ids and counts that the groups do not bear out",
        arguments: [
            Lie("first id", at: [56], is: 0), Lie("last id", at: [64], is: .max), Lie("ids", at: [56, 64], is: .max),
            Lie("last ids", at: [64, -64 + 32], is: .max), Lie("last ids below", at: [64, -64 + 32], is: 9),
            Lie("series", at: [16], is: 1 << 62), Lie("negative series", at: [16], is: .max),
            Lie("blocks", at: [-64 + 60], is: 1 << 30, bytes: 4),
        ])
    func refusesLies(_ lie: Lie) throws {
        var writer = SamplePartWriter()
        for id: UInt64 in 5...20 { add(id, [1, 2], [1, 2], to: &writer) }
        var bytes = bytes(finished(&writer))
        let footer = bytes.count - PartFormat.footerBytes
        for place in lie.places {
            for byte in 0..<lie.bytes {
                bytes[footer + place + byte] = UInt8(truncatingIfNeeded: lie.value >> UInt64(8 * byte))
            }
        }
        put(CRC32C.of(bytes.span.extracting(footer - PartFormat.Group.bytes..<footer)), at: footer + 12, in: &bytes)
        put(CRC32C.of(bytes.span.extracting(footer..<footer + 80)), at: footer + 80, in: &bytes)
        let file = MappedFile(copying: bytes.span, path: "samples")
        #expect(throws: PartError.self) {
            _ = try SamplePart(file).series()
            try SamplePartCheck.run(file)
        }
    }

    /// A number at places of the footer; the entry of the only group lies before it.
    struct Lie: CustomTestStringConvertible {
        let testDescription: String
        let places: [Int]
        let value: UInt64
        let bytes: Int

        init(_ what: String, at places: [Int], is value: UInt64, bytes: Int = 8) {
            testDescription = what
            self.places = places
            self.value = value
            self.bytes = bytes
        }
    }

    private func put(_ word: UInt32, at place: Int, in bytes: inout [UInt8]) {
        for byte in 0..<4 { bytes[place + byte] = UInt8(truncatingIfNeeded: word >> UInt32(8 * byte)) }
    }

    private func add(_ id: UInt64, _ times: [Int64], _ values: [Double], to writer: inout SamplePartWriter) {
        unsafe times.withUnsafeBufferPointer { times in
            unsafe values.withUnsafeBufferPointer { unsafe writer.add(id, times, $0) }
        }
    }

    private func finished(_ writer: inout SamplePartWriter) -> MappedFile {
        _ = writer.finish()
        let output = writer.output
        return MappedFile(copying: output.span, path: "samples")
    }

    private func bytes(_ file: MappedFile) -> [UInt8] { file.bytes.indices.map { file.bytes[$0] } }
}
