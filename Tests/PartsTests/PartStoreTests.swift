import Foundation
import Parts
import Posix
import TestSupport
import Testing

@Suite struct PartStoreTests {
    let fixture = PartFixture()

    @Test func aNewDirectoryHoldsNothing() throws {
        let store = try fixture.store()
        #expect(store.parts.isEmpty)
        #expect(store.state == [])
        #expect(store.notices == [])
    }

    @Test func committedPartsAndTheStateAreFoundAgain() throws {
        do {
            let store = try fixture.store()
            try PartFixture.add([5, 6, 7], to: store)
            try PartFixture.add([1, 2], to: store)
        }
        let store = try fixture.store()
        #expect(store.notices == [])
        #expect(store.state == [1, 2, 5, 6, 7])
        #expect(store.parts.map(\.content) == [[1, 2], [5, 6, 7]])
        let info = try #require(store.parts.first?.info)
        #expect(info.minTimeMs == 1)
        #expect(info.maxTimeMs == 2)
        #expect(info.rows == 2)
        #expect(info.bytes == 2 + "index of [1, 2]".utf8.count)
    }

    @Test func whatIsNotCommittedIsRemoved() throws {
        let store = try fixture.store()
        _ = try PartFixture.write([1], to: store)
        do {
            let writer = try store.makeWriter()
            _ = try writer.makeFile("data")
            #expect(try fixture.names() == ["0000000000000002.tmp", "MANIFEST"])
        }
        #expect(try fixture.names() == ["MANIFEST"])
    }

    @Test func leftoversOfAnEndedProcessAreRemovedAtOpening() throws {
        do {
            let store = try fixture.store()
            try PartFixture.add([1], to: store)
        }
        let system = LocalFileSystem()
        try system.createDirectories("\(fixture.directory)/0000000000000007.tmp/deep")
        let store = try fixture.store()
        #expect(store.notices == [.leftoversRemoved(count: 1)])
        #expect(try fixture.names() == ["0000000000000001", "MANIFEST"])
        try PartFixture.add([2], to: store)
        #expect(PartFixture.numbers(store) == [1, 2])
    }

    @Test func aReaderKeepsReplacedPartsUntilItIsDone() throws {
        let store = try fixture.store()
        try PartFixture.add([1, 2], to: store)
        try PartFixture.add([3], to: store)
        var reader: [Part<[UInt8]>]? = store.parts
        try PartFixture.mergeAll(store)
        #expect(store.parts.map(\.content) == [[1, 2, 3]])
        #expect(try store.removeRetired() == 0)
        #expect(try fixture.names().count == 4)
        let isSound = try reader?.allSatisfy { try $0.files.verify() == () } ?? false
        #expect(isSound)
        reader = nil
        #expect(try store.removeRetired() == 2)
        #expect(try fixture.names() == ["0000000000000003", "MANIFEST"])
    }

    @Test func replacedPartsThatAReaderHeldAtTheEndAreRemovedByTheNextProcess() throws {
        do {
            let store = try fixture.store()
            try PartFixture.add([1, 2], to: store)
            try PartFixture.mergeAll(store)
        }
        #expect(try fixture.names() == ["0000000000000001", "0000000000000002", "MANIFEST"])
        let store = try fixture.store()
        #expect(store.notices == [.leftoversRemoved(count: 1)])
        #expect(try fixture.names() == ["0000000000000002", "MANIFEST"])
        #expect(PartFixture.numbers(store) == [1, 2])
    }

    @Test func publishingSeesTheNewPartsOnce() throws {
        let store = try fixture.store()
        var seen: [[[UInt8]]] = []
        try store.commit(adding: [try PartFixture.write([1], to: store)]) { seen.append($0.map(\.content)) }
        try store.commit(adding: [try PartFixture.write([2], to: store)], removing: store.parts) {
            seen.append($0.map(\.content))
        }
        #expect(seen == [[[1]], [[2]]])
    }

    @Test func manyThreadsCommitOneAfterTheOther() throws {
        let store = try fixture.store()
        let writers = try (0..<4).map { writer in
            try OwnedThread(name: "writer \(writer)") {
                for index in 0..<10 {
                    #expect(throws: Never.self) {
                        let part = try PartFixture.write([UInt8(writer * 10 + index)], to: store)
                        try store.commit(adding: [part])
                    }
                }
            }
        }
        for writer in writers { writer.join() }
        #expect(PartFixture.numbers(store) == Array(0..<40))
        #expect(PartFixture.numbers(try fixture.store()) == Array(0..<40))
    }

    @Test func verifyFindsWhatOpeningDoesNotLookAt() throws {
        let store = try fixture.store()
        try PartFixture.add([1], to: store)
        try PartFixture.add([2], to: store)
        #expect(store.verify().isEmpty)
        var index = try fixture.content("0000000000000001/index")
        index[3] ^= 4
        try fixture.replace("0000000000000001/index", with: index)
        let found = store.verify()
        #expect(found.map(\.part.info.number) == [1])
        #expect(found.map(\.damage) == [.corrupt(file: "index", reason: "its checksum does not match")])
        let damaged = try #require(found.first)
        let notice = store.quarantine(damaged.part, damaged.damage)
        #expect(
            notice.description == """
                part 0000000000000001 is not served: index is corrupt: its checksum does not match; kept as \
                \(fixture.directory)/quarantine/0000000000000001
                """)
        #expect(PartFixture.numbers(store) == [2])
        #expect(try fixture.content("quarantine/0000000000000001/index") == index)
        let again = try fixture.store()
        #expect(again.notices == [])
        #expect(PartFixture.numbers(again) == [2])
    }
}
