import Foundation
import Fuzz
import TestSupport
import Testing

/// The kept inputs, and small changes of each: what scripts/fuzz does for hours, in seconds. A failure traps.
@Suite struct SeedTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fuzz/Seeds")

    static func seeds(of decoder: String) throws -> [(name: String, bytes: [UInt8])] {
        let folder = folder.appendingPathComponent(decoder)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return try names.map { ($0, Array(try Data(contentsOf: folder.appendingPathComponent($0)))) }
    }

    @Test(arguments: FuzzedDecoder.all.map(\.name))
    func everyKeptInputAndItsNeighboursAreDecodedOrRefused(name: String) throws {
        let decoder = try #require(FuzzedDecoder.all.first { $0.name == name })
        let seeds = try Self.seeds(of: name)
        #expect(!seeds.isEmpty, "Tests/Fuzz/Seeds/\(name) is empty")
        let changesPerSeed = max(20, 4000 / max(1, seeds.count))
        for (index, seed) in seeds.enumerated() {
            decoder.decode(seed.bytes.span)
            var random = SeededGenerator(seed: UInt64(index))
            for _ in 0..<changesPerSeed {
                let other = seeds[Int.random(in: 0..<seeds.count, using: &random)].bytes
                decoder.decode(Self.changed(seed.bytes, other, &random).span)
            }
        }
    }

    @Test func everyFolderOfSeedsHasItsDecoder() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).sorted()
        #expect(folders == FuzzedDecoder.all.map(\.name).sorted())
    }

    /// One to four changes: a bit, a byte of note, a cut, a piece of another input.
    static func changed(_ seed: [UInt8], _ other: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = seed
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1 where place < bytes.count: bytes[place] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random)!
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &random)))
            case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
            default: bytes.insert(contentsOf: other.prefix(Int.random(in: 0...32, using: &random)), at: place)
            }
        }
        return bytes
    }
}
