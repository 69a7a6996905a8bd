import Glibc
import Parts
import Posix
import TestSupport
import Testing

@Suite struct SnapshotTests {
    let fixture = PartFixture()

    @Test func aSnapshotOpensElsewhereAsItWasAtItsInstant() throws {
        let store = try fixture.store()
        try PartFixture.add([1, 2], to: store)
        try PartFixture.add([3], to: store)
        let target = fixture.temporary.file("copy")
        try store.snapshot(to: target)
        try PartFixture.mergeAll(store)
        try PartFixture.add([4], to: store)
        try store.removeRetired()
        let copy = try PartFixture.Store(target, open: PartFixture.open)
        #expect(copy.notices == [])
        #expect(copy.parts.map(\.content) == [[1, 2], [3]])
        #expect(copy.state == [1, 2, 3])
        #expect(copy.verify().isEmpty)
        try PartFixture.add([5], to: copy)
        #expect(PartFixture.numbers(store) == [1, 2, 3, 4])
    }

    @Test func filesAreLinkedAndNotCopied() throws {
        let store = try fixture.store()
        try PartFixture.add([1, 2], to: store)
        let target = fixture.temporary.file("copy")
        try store.snapshot(to: target)
        let system = LocalFileSystem()
        let original = try system.status(at: "\(fixture.directory)/0000000000000001/data")
        #expect(try system.status(at: "\(target)/0000000000000001/data") == original)
        #expect(original?.links == 2)
    }

    @Test func filesAreCopiedToAnotherDevice() throws {
        let store = try fixture.store(in: FaultyFileSystem(Fault(.fail(EXDEV), at: 1, onwards: true, of: [.link])))
        try PartFixture.add([1, 2], to: store)
        let target = fixture.temporary.file("copy")
        try store.snapshot(to: target)
        let copy = try PartFixture.Store(target, open: PartFixture.open)
        #expect(PartFixture.numbers(copy) == [1, 2])
        #expect(copy.verify().isEmpty)
    }

    @Test func aTargetThatIsTakenIsRefused() throws {
        let store = try fixture.store()
        try PartFixture.add([1], to: store)
        let target = fixture.temporary.file("copy")
        try store.snapshot(to: target)
        #expect(throws: PartsError.snapshotExists(target)) { try store.snapshot(to: target) }
    }

    @Test func whateverCallFailsTheSnapshotIsWholeOrNotThere() throws {
        let store = try fixture.store()
        try PartFixture.add([1, 2], to: store)
        try PartFixture.add([3], to: store)
        let target = fixture.temporary.file("copy")
        let system = LocalFileSystem()
        let hits = try withEachFault(.tear(ENOSPC)) { faulty, number in
            do {
                let other = try fixture.store(in: faulty)
                try other.snapshot(to: target)
            } catch {
                if try system.status(at: target) == nil { return }
            }
            let copy = try PartFixture.Store(target, open: PartFixture.open)
            #expect(PartFixture.numbers(copy) == [1, 2, 3], "call \(number)")
            #expect(copy.notices == [])
            try system.removeTree(target)
        }
        #expect(hits > 10)
    }
}
