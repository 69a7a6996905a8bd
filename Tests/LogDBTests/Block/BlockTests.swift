import Encoding
import Model
import Posix
import Storage
import TestSupport
import Testing

@testable import LogDB

@Suite("A block of log entries")
struct BlockTests {
    @Test("gives back each line byte for byte, whatever the columns turn out to be")
    func roundTrips() throws {
        var generator = SeededGenerator.announced()
        for _ in 0..<60 {
            let count = Int.random(in: 1...400, using: &generator)
            let kind = Int.random(in: 0..<14, using: &generator)
            try check((0..<count).map { Self.line(kind, $0, &generator) })
        }
    }

    @Test("gives back random bytes")
    func roundTripsNoise() throws {
        var generator = SeededGenerator.announced()
        let alphabet = Array("{}[]\":,=\\ .-0123456789abcdefTZ\u{0}\u{1}é\n".utf8)
        for _ in 0..<60 {
            let lines = (0..<Int.random(in: 1...60, using: &generator)).map { _ in
                (0..<Int.random(in: 0...40, using: &generator)).map { _ in alphabet.randomElement(using: &generator)! }
            }
            try check(lines)
        }
    }

    /// Lines whose values are of one kind with exceptions that the kind cannot give back.
    private static func line(_ kind: Int, _ index: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        let number = Int.random(in: 0...9_999_999, using: &generator)
        let isOdd = Int.random(in: 0..<60, using: &generator) == 0
        func hex(_ digits: Int) -> String {
            let text = String(number &* 2_654_435_761, radix: 16)
            return String(repeating: "0", count: max(0, digits - text.count)) + text.suffix(digits)
        }
        let value =
            switch kind {
            case 0: "\"\(number)\""
            case 1: isOdd ? "-0" : "\(number)"
            case 2: isOdd ? "1e5" : "\(Double(number) / 64)"
            case 3: isOdd ? "\"10.0.0.256\"" : "\"10.\(number % 256).0.\(number % 7)\""
            case 4: isOdd ? "\"01.2.3.4\"" : "\"\(number % 300).1.1.1\""
            case 5: isOdd ? "\"\(hex(16).uppercased())\"" : "\"\(hex(16))\""
            case 6: "\"\(hex(32))\""
            case 7: "\"2026-11-20T16:50:\(10 + number % 50).\(100_000_000 + number)Z\""
            case 8: isOdd ? "\"2026-02-30T16:50:00Z\"" : "\"2026-11-20T16:50:\(10 + number % 50)Z\""
            case 9: "\"user u-\(number) did \(["this", "that"][number % 2]) in 0\(number % 9) s\""
            case 10: "\"say \\\"word \(number)\\\" at v1.\(number % 4)\""
            case 11: "\"\(String(format(number)))\""
            case 12: "{\"inner\":{\"n\":\(number)},\"list\":[\(number),\"x\"]}"
            default: "\"\(String(repeating: "x", count: number % 30))\""
            }
        let isPlain = Int.random(in: 0..<8, using: &generator) == 0
        return Array((isPlain ? "plain \(value)" : #"{"n":\#(index % 5),"v":\#(value)}"#).utf8)
    }

    private static func format(_ number: Int) -> String {
        let digits = String(number % 1000)
        return String(repeating: "0", count: 3 - digits.count) + digits
    }

    private func check(_ lines: [[UInt8]]) throws {
        var input = BlockInput()
        let baseNs: Int64 = 1_795_193_400_000_000_000
        for (index, line) in lines.enumerated() {
            let metadata = index % 7 == 3 ? Labels([("trace", "t\(index)"), ("z", "1")]) : .empty
            input.append(
                stream: UInt32(index / 50), baseNs + Int64(index) * 1_000_000_007, line.span,
                metadata: metadata.bytes.span)
        }
        var writer = try BlockWriter()
        let block = try writer.encode(input)
        let reader = try Self.reader(block.body, rows: block.rows)
        let times = try reader.timestampsNs()
        #expect(times == input.timestampsNs)
        for (index, line) in lines.enumerated() {
            var told: [UInt8] = []
            try reader.appendLine(index, to: &told)
            #expect(told == line, "\(String(decoding: line, as: UTF8.self))")
            var metadata: [UInt8] = []
            try reader.appendMetadata(index, to: &metadata)
            #expect(metadata == Array(input.text[input.metadata[index].range]))
        }
        try checkSearch(lines, block, reader)
    }

    /// Pieces of the lines themselves are found in the lines that have them and in no others, and the filter denies none.
    private func checkSearch(_ lines: [[UInt8]], _ block: EncodedBlock, _ reader: BlockReader) throws {
        for line in lines.prefix(12) where line.count > 2 {
            for (start, length) in [(0, 4), (line.count / 2, 3), (1, line.count), (line.count / 3, 12)] {
                let needle = Array(line[start..<min(line.count, start + length)])
                var marks = [Bool](repeating: true, count: lines.count)
                try reader.apply(LogLineFilter(contains: needle), to: &marks)
                for (index, line) in lines.enumerated() {
                    let contains = ByteSearch.contains(needle.span, in: line.span)
                    #expect(marks[index] == contains, "\(String(decoding: needle, as: UTF8.self))")
                }
                let filter = try FilterReader(block.filter.span)
                let mayContain = filter.mayContain(PreparedNeedle(needle), block.filter.span)
                #expect(mayContain)
            }
        }
    }

    @Test("refuses bytes that are no block, whatever they are")
    func refusesHostileBytes() throws {
        var generator = SeededGenerator.announced()
        var input = BlockInput()
        for index in 0..<200 {
            let line = Self.line(index % 14, index, &generator)
            input.append(stream: 0, Int64(index), line.span, metadata: [UInt8]().span)
        }
        var writer = try BlockWriter()
        let body = try writer.encode(input).body
        let columns = try Self.reader(body, rows: 200).columns
        let headEnd = columns[0].payload.lowerBound
        for _ in 0..<3000 {
            var bytes = body
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let at = Int.random(in: 8..<headEnd, using: &generator)
                bytes[at] = UInt8.random(in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) {
                bytes.removeLast(Int.random(in: 0..<bytes.count - headEnd, using: &generator))
            }
            // The checksum is made right, so that what lies behind it is what answers.
            bytes.replaceLittleEndian(at: 0, with: CRC32C.of(bytes.span.extracting(8..<headEnd)))
            guard let reader = try? Self.reader(bytes, rows: 200) else { continue }
            var text: [UInt8] = []
            for row in 0..<200 { try? reader.appendLine(row, to: &text) }
        }
    }

    @Test("refuses bytes that are no column, whatever they are")
    func refusesHostileColumns() throws {
        var generator = SeededGenerator.announced()
        var input = BlockInput()
        for index in 0..<200 {
            let line = Self.line(index % 14, index, &generator)
            input.append(stream: 0, Int64(index), line.span, metadata: [UInt8]().span)
        }
        var writer = try BlockWriter()
        let body = try writer.encode(input).body
        let file = MappedFile(copying: body.span, path: "block")
        let stored = try StoredBlock(file, 0..<body.count, rows: 200, DecompressorPool())
        for entry in stored.columns {
            let section = try stored.section(entry)
            for _ in 0..<300 {
                var bytes = section
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
                if Bool.random(using: &generator) {
                    bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
                }
                var reader = ByteReader(bytes.span)
                let column = try? Column.read(
                    &reader, count: entry.count, timestampsNs: { count in [Int64](repeating: 0, count: count) })
                var text: [UInt8] = []
                if let column { for index in 0..<entry.count { column.append(index, to: &text) } }
            }
            var flipped = body
            flipped[entry.payload.lowerBound] ^= 1
            let reader = try Self.reader(flipped, rows: 200)
            #expect(throws: DecodeError.self) {
                for column in reader.columns.indices { _ = try reader.column(column) }
            }
        }
    }

    private static func reader(_ body: [UInt8], rows: Int) throws -> BlockReader {
        let file = MappedFile(copying: body.span, path: "block")
        return BlockReader(try StoredBlock(file, 0..<body.count, rows: rows, DecompressorPool()))
    }

    @Test("does not pass more than a few percent of words and ids that it does not hold")
    func filtersTightly() throws {
        var input = BlockInput()
        for index in 0..<4000 {
            let id = String(0x1000_0000_0000_0000 + index * 7919, radix: 16)
            let line = Array(#"{"id":"\#(id)\#(id)","msg":"word\#(index % 3 == 0 ? "s" : "") here"}"#.utf8)
            input.append(stream: 0, Int64(index), line.span, metadata: [UInt8]().span)
        }
        var writer = try BlockWriter()
        let filter = try writer.encode(input).filter
        let reader = try FilterReader(filter.span)
        let passed = (0..<4000).filter { index in
            let id = String(0x2000_0000_0000_0000 + index * 104_729, radix: 16)
            return reader.mayContain(PreparedNeedle(Array("\(id)\(id)".utf8)), filter.span)
        }
        #expect(passed.count < 200)
        for needle in [" absent ", String(repeating: "g", count: 40)] {
            let mayContain = reader.mayContain(PreparedNeedle(Array(needle.utf8)), filter.span)
            #expect(!mayContain, "\(needle)")
        }
    }
}
