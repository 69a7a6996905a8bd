import Encoding
import Foundation
import Parts
import Posix
import TestSupport
import Testing

/// What is damaged is put aside by name and never removed; the rest is served.
@Suite struct PartDamageTests {
    let fixture = PartFixture()

    private func fill(_ fixture: PartFixture) throws {
        let store = try fixture.store()
        try PartFixture.add([1, 2], to: store)
        try PartFixture.add([3], to: store)
    }

    @Test func aFlippedBitInAnyByteOfAVerifiedFilePutsThatPartAside() throws {
        for index in 0..<2 {
            let fixture = PartFixture()
            try fill(fixture)
            var data = try fixture.content("0000000000000001/data")
            data[index] ^= 0x10
            try fixture.replace("0000000000000001/data", with: data)
            let store = try fixture.store()
            #expect(
                store.notices == [
                    .quarantined(
                        part: "0000000000000001",
                        reason: .corrupt(file: "data", reason: "its checksum does not match"),
                        copy: "\(fixture.directory)/quarantine/0000000000000001")
                ])
            #expect(PartFixture.numbers(store) == [3])
            #expect(try fixture.content("quarantine/0000000000000001/data") == data)
            try PartFixture.add([4], to: store)
            let again = try fixture.store()
            #expect(again.notices == [])
            #expect(PartFixture.numbers(again) == [3, 4])
        }
    }

    @Test func aFileOfAnotherSizeOrNoneIsFoundWithoutReading() throws {
        try fill(fixture)
        let index = try fixture.content("0000000000000001/index")
        try fixture.replace("0000000000000001/index", with: index + [0])
        try FileManager.default.removeItem(atPath: "\(fixture.directory)/0000000000000002/data")
        let store = try fixture.store()
        #expect(
            store.notices.map(\.description).map { $0.split(separator: ";")[0] } == [
                "part 0000000000000001 is not served: index is corrupt: it has \(index.count + 1) bytes instead of \(index.count)",
                "part 0000000000000002 is not served: data is corrupt: it is missing",
            ])
        #expect(store.parts.isEmpty)
        #expect(try fixture.names("quarantine").count == 2)
    }

    @Test func aPartThatIsGoneIsToldAtEachStartUntilItIsBack() throws {
        try fill(fixture)
        let away = fixture.temporary.file("away")
        try FileManager.default.moveItem(atPath: "\(fixture.directory)/0000000000000001", toPath: away)
        for _ in 0..<2 {
            let store = try fixture.store()
            #expect(store.notices == [.missing(part: "0000000000000001")])
            #expect(PartFixture.numbers(store) == [3])
        }
        try FileManager.default.moveItem(atPath: away, toPath: "\(fixture.directory)/0000000000000001")
        let store = try fixture.store()
        #expect(store.notices == [])
        #expect(PartFixture.numbers(store) == [1, 2, 3])
    }

    @Test func aPartThatCannotBeOpenedForNowStaysWhereItIs() throws {
        try fill(fixture)
        do {
            let store = try fixture.store(in: FaultyFileSystem(Fault(.fail(24), at: 1, of: [.map])))
            #expect(PartFixture.numbers(store) == [3])
            let reason = SystemError(call: "map", on: "\(fixture.directory)/0000000000000001/data", code: 24)
            #expect(store.notices == [.unavailable(part: "0000000000000001", reason: .unavailable(reason))])
            try PartFixture.add([4], to: store)
        }
        let store = try fixture.store()
        #expect(store.notices == [])
        #expect(PartFixture.numbers(store) == [1, 2, 3, 4])
    }

    @Test func aDirectoryThatTheManifestDoesNotKnowIsPutAside() throws {
        try fill(fixture)
        let other = PartFixture()
        try fill(other)
        try FileManager.default.copyItem(
            atPath: "\(other.directory)/0000000000000002", toPath: "\(fixture.directory)/0000000000000009")
        try LocalFileSystem().createDirectories("\(fixture.directory)/000000000000000a")
        let store = try fixture.store()
        #expect(
            store.notices
                == ["0000000000000009", "000000000000000a"].map {
                    .stranger(path: "\(fixture.directory)/\($0)", copy: "\(fixture.directory)/quarantine/\($0)")
                })
        #expect(PartFixture.numbers(store) == [1, 2, 3])
        try PartFixture.add([4], to: store)
        #expect(store.parts.map(\.info.number).max() == 11)
    }

    @Test func filesThatAreNoPartsAreLeftAlone() throws {
        try fill(fixture)
        try fixture.replace("notes.txt", with: [1, 2, 3])
        #expect(try fixture.store().notices == [])
        #expect(try fixture.content("notes.txt") == [1, 2, 3])
    }

    @Test func aManifestDamagedInAnyByteIsMadeAgainFromTheParts() throws {
        try fill(fixture)
        try PartFixture.mergeAll(try fixture.store())
        try PartFixture.add([9], to: try fixture.store())
        let manifest = try fixture.content("MANIFEST")
        let versionOffset = 7
        for index in manifest.indices where index != versionOffset {
            var damaged = manifest
            damaged[index] ^= 0x40
            try fixture.replace("MANIFEST", with: damaged)
            let store = try fixture.store()
            #expect(PartFixture.numbers(store) == [1, 2, 3, 9], "byte \(index)")
            #expect(store.state == [1, 2, 3, 9])
            guard case .manifestRebuilt(_, let copy) = store.notices.first, let copy else {
                Issue.record("byte \(index): \(store.notices)")
                continue
            }
            #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: copy))) == damaged)
            #expect(try fixture.store().notices == [])
        }
    }

    @Test func aMissingManifestIsMadeAgainWithoutWhatWasReplaced() throws {
        do {
            let store = try fixture.store()
            try PartFixture.add([1, 2], to: store)
            try PartFixture.add([3], to: store)
            try PartFixture.mergeAll(store)
            // The replaced parts are still there, as after an end of the process.
            #expect(try fixture.names().count == 4)
        }
        try FileManager.default.removeItem(atPath: "\(fixture.directory)/MANIFEST")
        let store = try fixture.store()
        #expect(PartFixture.numbers(store) == [1, 2, 3])
        #expect(store.state == [1, 2, 3])
        #expect(store.parts.count == 1)
    }

    @Test func aManifestOfAnotherVersionIsRefusedAndNothingTouched() throws {
        try fill(fixture)
        var manifest = try fixture.content("MANIFEST")
        manifest[7] = 2
        // Directory.md: the byte of another version than 1 counts.
        var checksum: [UInt8] = []
        let counted = [2] + manifest[12...]
        checksum.appendLittleEndian(CRC32C.of(counted.span))
        manifest.replaceSubrange(8..<12, with: checksum)
        try fixture.replace("MANIFEST", with: manifest)
        try LocalFileSystem().createDirectories("\(fixture.directory)/0000000000000009.tmp")
        let before = try fixture.names()
        #expect(throws: PartsError.unknownVersion(path: "\(fixture.directory)/MANIFEST", version: 2)) {
            try fixture.store()
        }
        #expect(try fixture.names() == before)
    }

    @Test(arguments: 0..<8)
    func aVersionThatIsOnlyAFlippedBitIsDamage(bit: Int) throws {
        try fill(fixture)
        var manifest = try fixture.content("MANIFEST")
        manifest[7] ^= 1 << UInt8(bit)
        try fixture.replace("MANIFEST", with: manifest)
        #expect(PartFixture.numbers(try fixture.store()) == [1, 2, 3])
    }

    @Test func aPartThatItsOwnerCannotReadIsNotCommitted() throws {
        let store = try fixture.store()
        try PartFixture.add([1], to: store)
        let writer = try store.makeWriter()
        let data = try writer.makeFile("data")
        try writer.finish(data)
        let part = writer.finish(PartDescription(partition: 0, minTimeMs: 0, maxTimeMs: 0, rows: 0))
        #expect(
            throws: PartsError.cannotOpenAgain(
                part: "0000000000000002", .corrupt(file: "index", reason: "the part has no such file"))
        ) { try store.commit(adding: [part]) }
        #expect(PartFixture.numbers(store) == [1])
        try PartFixture.add([2], to: store)
        #expect(PartFixture.numbers(store) == [1, 2])
        _ = try store.removeRetired()
        #expect(try fixture.names() == ["0000000000000001", "0000000000000003", "MANIFEST"])
    }
}
