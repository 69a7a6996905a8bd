import Encoding
import TestSupport
import Testing

@testable import Parts

@Suite struct ManifestFormatTests {
    private func info(_ number: UInt64, file: String = "data") -> PartInfo {
        PartInfo(
            number: number, partition: -3, minTimeMs: .min, maxTimeMs: .max, rows: 1 << 40, level: 4, createdMs: 5,
            files: [PartFile(name: file, bytes: 1 << 41, checksum: .max), PartFile(name: "ä", bytes: 0, checksum: 0)])
    }

    private func framed(_ content: [UInt8], magic: String) -> [UInt8] {
        var bytes = Array(magic.utf8) + [1]
        bytes.appendLittleEndian(CRC32C.of(content.span))
        return bytes + content
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let manifest = Manifest(
            store: 7, sequence: 9, nextNumber: 12, parts: [info(1), info(.max)], retired: [4, 5], state: [1, 2, 3])
        #expect(try Manifest(bytes: manifest.bytes) == manifest)
        let record = PartRecord(store: 7, sequence: 9, info: info(3), replaced: [1, 2], state: [])
        #expect(try PartRecord(bytes: record.bytes) == record)
        #expect(throws: FormatFailure.self) { try PartRecord(bytes: manifest.bytes) }
    }

    /// Laid out by hand after Directory.md.
    @Test func theManifestIsWhatItsPageSays() throws {
        var content: [UInt8] = [7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]
        content += [1, 0, 0, 0]
        content += [2, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 255, count: 8)
        content += [10, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 30, 0, 0, 0, 0, 0, 0, 0, 1]
        content += [40, 0, 0, 0, 0, 0, 0, 0]
        content += [1, 0, 0, 0, 1, 0, 0, 0, UInt8(ascii: "f"), 50, 0, 0, 0, 0, 0, 0, 0, 60, 0, 0, 0]
        content += [1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0] + [2, 0, 0, 0, 8, 9]
        let part = PartInfo(
            number: 2, partition: -1, minTimeMs: 10, maxTimeMs: 20, rows: 30, level: 1, createdMs: 40,
            files: [PartFile(name: "f", bytes: 50, checksum: 60)])
        let manifest = Manifest(store: 7, sequence: 9, nextNumber: 3, parts: [part], retired: [6], state: [8, 9])
        #expect(manifest.bytes == framed(content, magic: "OBSPART"))
    }

    @Test(arguments: ["", "..", "a/b", "../../etc/passwd", ".hidden"])
    func aFileNameThatLeadsElsewhereIsCorrupt(name: String) {
        let manifest = Manifest(store: 1, parts: [info(1, file: name)])
        #expect(throws: FormatFailure.corrupt("'\(name)' is not the name of a part's file")) {
            try Manifest(bytes: manifest.bytes)
        }
        let record = PartRecord(store: 1, sequence: 1, info: info(1, file: name), replaced: [], state: [])
        #expect(throws: FormatFailure.self) { try PartRecord(bytes: record.bytes) }
    }

    /// The checksum is made to match, so that the reader behind it sees every kind of wrong bytes. It must say so, or
    /// read something, and never trap.
    @Test func bytesThatAreWrongBehindARightChecksumAreReadOrRefused() throws {
        let manifest = Manifest(
            store: 7, sequence: 9, nextNumber: 12, parts: [info(1), info(2)], retired: [4, 5], state: [1, 2, 3])
        let content = Array(manifest.bytes[12...])
        var random = SeededGenerator(seed: 4711)
        var refused = 0
        for _ in 0..<20_000 {
            var wrong = content
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: wrong.indices, using: &random)
                wrong[index] = .random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { wrong.removeLast(.random(in: 0...wrong.count, using: &random)) }
            for magic in ["OBSPART", "OBSINFO"] {
                let bytes = framed(wrong, magic: magic)
                do {
                    if magic == "OBSPART" { _ = try Manifest(bytes: bytes) } else { _ = try PartRecord(bytes: bytes) }
                } catch {
                    refused += 1
                }
            }
        }
        #expect(refused > 20_000)
    }
}
