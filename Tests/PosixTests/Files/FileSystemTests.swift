import Foundation
import Posix
import TestSupport
import Testing

@Suite struct FileSystemTests {
    let directory = TemporaryDirectory()
    let system = LocalFileSystem()

    @Test func filesThatDoNotKnowTheirSizeAreReadWhole() throws {
        let ours = try system.readFile("/proc/self/maps", atMostBytes: 16 << 20)
        #expect(ours.count > 4096)
        #expect(String(decoding: ours, as: UTF8.self).contains("[stack]"))
    }

    @Test func aFileLongerThanTheLimitIsRefused() throws {
        try system.replaceFile(directory.file("f"), with: [UInt8](repeating: 7, count: 9000).span)
        #expect(try system.readFile(directory.file("f"), atMostBytes: 9000).count == 9000)
        let error = #expect(throws: SystemError.self) {
            try system.readFile(directory.file("f"), atMostBytes: 8999)
        }
        #expect(error?.description == "read of \(directory.file("f")) failed: File too large (errno 27)")
    }

    @Test func aBufferIsUsedAgainForAShorterFile() throws {
        var content: [UInt8] = []
        try system.replaceFile(directory.file("f"), with: [UInt8](repeating: 7, count: 9000).span)
        try system.readFile(directory.file("f"), atMostBytes: 1 << 20, into: &content)
        #expect(content == [UInt8](repeating: 7, count: 9000))
        try system.replaceFile(directory.file("f"), with: [1, 2, 3].span)
        try system.readFile(directory.file("f"), atMostBytes: 1 << 20, into: &content)
        #expect(content == [1, 2, 3])
    }

    @Test func replacingLeavesTheOldOrTheNewContentWhateverCallFails() throws {
        let path = directory.file("state")
        let old = [UInt8](repeating: 1, count: 1000)
        let new = [UInt8](repeating: 2, count: 2000)
        for effect in [Fault.Effect.fail(EIO), .fail(ENOSPC), .tear(ENOSPC)] {
            let hits = try withEachFault(effect, of: FileCall.all) { faulty, _ in
                try system.replaceFile(path, with: old.span)
                let failed = (try? faulty.replaceFile(path, with: new.span)) == nil  // which error is no matter here
                let content = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
                #expect(failed ? content == old || content == new : content == new)
                #expect(failed == (faulty.hits > 0))
                faulty.inject(nil)
                try faulty.replaceFile(path, with: new.span)
                #expect(try system.list(directory.path) == ["state"])
            }
            #expect(hits >= 5)
        }
    }

    @Test func directoriesAreMadeWithTheirParentsAndRemovedWithTheirContent() throws {
        let deep = directory.file("a/b/c")
        try system.createDirectories(deep)
        try system.createDirectories(deep)
        try system.replaceFile(deep + "/f", with: [1, 2, 3].span)
        #expect(try system.treeBytes(directory.file("a")) == 3)
        try system.removeTree(directory.file("a"))
        try system.removeTree(directory.file("a"))
        #expect(try system.list(directory.path) == [])
    }

    @Test func removingATreeDoesNotFollowLinks() throws {
        try system.createDirectories(directory.file("kept"))
        try system.replaceFile(directory.file("kept/f"), with: [1].span)
        try system.createDirectories(directory.file("gone"))
        try FileManager.default.createSymbolicLink(
            atPath: directory.file("gone/link"), withDestinationPath: directory.file("kept"))
        try system.removeTree(directory.file("gone"))
        #expect(try system.list(directory.path) == ["kept"])
        #expect(try system.list(directory.file("kept")) == ["f"])
    }

    @Test func aHardLinkIsTheSameFile() throws {
        try system.replaceFile(directory.file("f"), with: [1].span)
        try system.link(directory.file("f"), to: directory.file("g"))
        let f = try #require(try system.status(at: directory.file("f")))
        let g = try #require(try system.status(at: directory.file("g")))
        #expect(f == g)
        #expect(f.links == 2)
        #expect(f.kind == .file)
    }

    @Test func whatIsNotThereHasNoStatusAndOtherFailuresAreErrors() throws {
        #expect(try system.status(at: directory.file("nothing")) == nil)
        try system.replaceFile(directory.file("f"), with: [1].span)
        #expect(throws: SystemError.self) { try system.status(at: directory.file("f/below")) }
    }

    @Test func spaceIsWhatFoundationSays() throws {
        let ours = try system.space(at: "/")
        let theirs = try FileManager.default.attributesOfFileSystem(forPath: "/")
        #expect(ours.totalBytes == (theirs[.systemSize] as? NSNumber)?.intValue)
        #expect(ours.freeBytes > 0)
        #expect(ours.freeBytes < ours.totalBytes)
    }

    @Test(arguments: [
        ("/a/b/c", "/a/b", "c"), ("/a", "/", "a"), ("a", ".", "a"), ("a/b", "a", "b"), ("/", "/", ""),
        ("/a/b/", "/a", ""),
    ])
    func pathsComeApart(path: String, parent: String, name: String) {
        #expect(FilePath.parent(of: path) == parent)
        #expect(FilePath.name(of: path) == name)
    }

    @Test func aDataDirectoryBelongsToOneHolderAtATime() throws {
        let first = try DataDirectoryLock(directory.path, in: system)
        let error = #expect(throws: DataDirectoryError.self) { try DataDirectoryLock(directory.path, in: system) }
        #expect(error == .inUse(directory: directory.path, holder: Int(getpid())))
        #expect(error?.description.hasSuffix("stop it or choose another directory") == true)
        withExtendedLifetime(first) {}
    }

    @Test func aDroppedLockCanBeTakenAgain() throws {
        for _ in 0..<3 { _ = try DataDirectoryLock(directory.path, in: system) }
    }

    /// As a child has it between its birth and the start of its program.
    @Test func aDroppedLockCanBeTakenWhileAChildHasItsFile() throws {
        var inherited: Int32 = -1
        do {
            let lock = try DataDirectoryLock(directory.path, in: system)
            let files = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            let isLock = { (file: String) in
                let path = "/proc/self/fd/\(file)"
                let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)  // closed meanwhile
                return target == self.directory.path + "/LOCK"
            }
            inherited = dup(try #require(files.first(where: isLock).flatMap { Int32($0) }))
            withExtendedLifetime(lock) {}
        }
        defer { close(inherited) }
        #expect(inherited >= 0)
        _ = try DataDirectoryLock(directory.path, in: system)
    }
}
