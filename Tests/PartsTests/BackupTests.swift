import Glibc
import Parts
import Posix
import TestSupport
import Testing

@Suite struct BackupTests {
    let fixture = PartFixture()
    private var target: String { fixture.temporary.file("backup") }

    private func numbers(_ directory: String) throws -> [UInt8] {
        let copy = fixture.temporary.file("opened")
        try LocalFileSystem().removeTree(copy)
        _ = try ClosedParts(directory).copy(to: copy)
        let store = try PartFixture.Store(copy, open: PartFixture.open)
        #expect(store.notices == [])
        #expect(store.verify().isEmpty)
        return PartFixture.numbers(store)
    }

    @Test func aSecondBackupBringsOnlyWhatIsNewAndRemovesWhatIsNotLive() throws {
        let store = try fixture.store()
        try PartFixture.add([1, 2], to: store)
        try PartFixture.add([3], to: store)
        let first = try store.backUp(to: target)
        #expect(first.parts == 2 && first.newParts == 2 && first.copiedBytes == 0)
        #expect(try numbers(target) == [1, 2, 3])
        try PartFixture.add([4], to: store)
        let second = try store.backUp(to: target)
        #expect(second.parts == 3 && second.newParts == 1)
        #expect(try numbers(target) == [1, 2, 3, 4])
        try PartFixture.mergeAll(store)
        let third = try store.backUp(to: target)
        #expect(third.parts == 1 && third.newParts == 1)
        #expect(try numbers(target) == [1, 2, 3, 4])
        #expect(try LocalFileSystem().list(target).count == 2)
    }

    @Test func aBackupStaysAsItWasWhileTheStoreGoesOn() throws {
        let store = try fixture.store()
        try PartFixture.add([1, 2], to: store)
        _ = try store.backUp(to: target)
        try PartFixture.add([3], to: store)
        try PartFixture.mergeAll(store)
        try store.removeRetired()
        #expect(try numbers(target) == [1, 2])
    }

    @Test func partsAreCopiedToAnotherDevice() throws {
        let store = try fixture.store(in: FaultyFileSystem(Fault(.fail(EXDEV), at: 1, onwards: true, of: [.link])))
        try PartFixture.add([1, 2], to: store)
        let report = try store.backUp(to: target)
        #expect(report.copiedBytes > report.newBytes)
        #expect(try store.backUp(to: target).copiedBytes == 0)
        #expect(try numbers(target) == [1, 2])
    }

    @Test func aBackupOfAnotherStoreIsNotTouched() throws {
        let store = try fixture.store()
        try PartFixture.add([1], to: store)
        _ = try store.backUp(to: target)
        let other = try PartFixture.Store(fixture.temporary.file("other"), open: PartFixture.open)
        try PartFixture.add([7], to: other)
        #expect(throws: PartsError.otherStore(directory: target)) { try other.backUp(to: target) }
        #expect(try numbers(target) == [1])
    }

    @Test func everyFlippedByteIsFoundAndItsPartNamed() throws {
        let store = try fixture.store()
        try PartFixture.add([1, 2], to: store)
        try PartFixture.add([3], to: store)
        let system = FaultyFileSystem(Fault(.fail(EXDEV), at: 1, onwards: true, of: [.link]))
        _ = try ClosedParts(fixture.directory, in: system).copy(to: target)
        let closed = try ClosedParts(target)
        #expect(closed.parts.count == 2)
        for info in closed.parts {
            let directory = FilePath.join(target, info.name)
            for name in try LocalFileSystem().list(directory) {
                try flipEachByte(of: FilePath.join(directory, name)) { offset in
                    #expect(throws: PartDamage.self, "\(name) at \(offset)") { try closed.verify(info) }
                }
            }
            try closed.verify(info)
        }
        try flipEachByte(of: FilePath.join(target, "MANIFEST")) { offset in
            #expect(throws: PartsError.self, "MANIFEST at \(offset)") { try ClosedParts(target) }
        }
    }

    private func flipEachByte(of path: String, _ body: (Int) throws -> Void) throws {
        let system = LocalFileSystem()
        let bytes = try system.readFile(path, atMostBytes: 1 << 20)
        for offset in bytes.indices {
            var flipped = bytes
            flipped[offset] ^= 0x10
            try system.replaceFile(path, with: flipped.span)
            try body(offset)
        }
        try system.replaceFile(path, with: bytes.span)
    }

    @Test func whateverCallFailsTheBackupIsTheOldOneOrTheNewOne() throws {
        let store = try fixture.store()
        try PartFixture.add([1, 2], to: store)
        try PartFixture.add([3], to: store)
        _ = try store.backUp(to: target)
        try PartFixture.mergeAll(store)
        try PartFixture.add([4], to: store)
        let before = fixture.temporary.file("before")
        _ = try ClosedParts(target).copy(to: before)
        let hits = try withEachFault(.tear(ENOSPC)) { faulty, number in
            try LocalFileSystem().removeTree(target)
            _ = try ClosedParts(before).copy(to: target)
            var isWhole = true
            do {
                let other = try fixture.store(in: faulty)
                _ = try other.backUp(to: target)
            } catch {
                isWhole = false
            }
            let found = try numbers(target)
            #expect(found == [1, 2, 3, 4] || !isWhole && found == [1, 2, 3], "call \(number)")
        }
        #expect(hits > 10)
    }
}
