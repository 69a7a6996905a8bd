import Foundation
import Posix
import TestSupport
import Testing

/// What the files look like is checked with Foundation, which shares no code with ours.
@Suite struct FileTests {
    let directory = TemporaryDirectory()
    let system = LocalFileSystem()

    private func content(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: directory.file(name))))
    }

    @Test func appendsGoToTheEndAndAreReadBackAtAnyOffset() throws {
        let file = try File(directory.file("log"), .append, in: system)
        try file.append(Array("one ".utf8).span, Array("two ".utf8).span)
        try file.append(Array("three".utf8).span)
        #expect(try content("log") == Array("one two three".utf8))
        var buffer = [UInt8](repeating: 0, count: 7)
        var span = buffer.mutableSpan
        #expect(try file.read(into: &span, at: 4) == 7)
        #expect(buffer == Array("two thr".utf8))
        span = buffer.mutableSpan
        #expect(try file.read(into: &span, at: 10) == 3)
        #expect(try file.status().bytes == 13)
    }

    @Test func writesGoWhereTheyAreTold() throws {
        let file = try File(directory.file("f"), .readWrite, in: system)
        try file.write([5, 6].span, at: 3)
        try file.write([1].span, at: 0)
        #expect(try content("f") == [1, 0, 0, 5, 6])
        try file.truncate(toBytes: 4)
        #expect(try content("f") == [1, 0, 0, 5])
    }

    @Test func creatingAFileThatIsThereFails() throws {
        _ = try File(directory.file("f"), .create, in: system)
        let error = #expect(throws: SystemError.self) { try File(directory.file("f"), .create, in: system) }
        #expect(error?.exists == true)
        #expect(error?.description == "open of \(directory.file("f")) failed: File exists (errno 17)")
    }

    @Test(arguments: [FileAccess.append, .createToAppend])
    func appendsGoToTheEndAfterATruncation(access: FileAccess) throws {
        let file = try File(directory.file("f"), access, in: system)
        try file.append([1, 2, 3].span)
        try file.truncate(toBytes: 1)
        try file.append([4].span)
        #expect(try content("f") == [1, 4])
    }

    @Test func allocatingReservesBlocksWithoutGrowingTheFile() throws {
        let file = try File(directory.file("f"), .create, in: system)
        try file.allocate(bytes: 1 << 20)
        let status = try file.status()
        #expect(status.bytes == 0)
        #expect(status.bytesAllocated >= 1 << 20)
    }

    @Test func transfersAreFinishedWhenTheKernelMovesOneByteAtATime() throws {
        let short = FaultyFileSystem(Fault(.short, at: 1, onwards: true, of: [.read, .write, .append]))
        let bytes = (0..<100).map { UInt8($0) }
        let file = try File(directory.file("f"), .append, in: short)
        try file.append(bytes.span.extracting(..<40), bytes.span.extracting(40...))
        #expect(try content("f") == bytes)
        var buffer = [UInt8](repeating: 0, count: 100)
        var span = buffer.mutableSpan
        #expect(try file.read(into: &span, at: 0) == 100)
        #expect(buffer == bytes)
        let other = try File(directory.file("g"), .readWrite, in: short)
        try other.write(bytes.span, at: 0)
        #expect(try content("g") == bytes)
        #expect(try short.readFile(directory.file("g"), atMostBytes: 100) == bytes)
    }

    @Test func theMappingShowsTheContentAndOutlivesTheFile() throws {
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try system.replaceFile(directory.file("f"), with: bytes.span)
        let mapping = try File(directory.file("f"), .read, in: system).map()
        mapping.advise(.sequential)
        try system.removeFile(directory.file("f"))
        let span = mapping.bytes
        #expect(span.count == 10_000)
        #expect(bytes.indices.allSatisfy { span[$0] == bytes[$0] })
    }

    @Test func anEmptyFileMapsToNothing() throws {
        try system.replaceFile(directory.file("f"), with: Span())
        let mapping = try File(directory.file("f"), .read, in: system).map()
        mapping.advise(.willNeed)
        let isEmpty = mapping.bytes.isEmpty
        #expect(isEmpty)
    }

    @Test func descriptorsAreClosedWithTheLastReference() throws {
        let before = try system.list("/proc/self/fd").count
        for _ in 0..<2000 { _ = try File(directory.file("f"), .append, in: system) }
        // Other tests run beside this one; 2000 leaked descriptors would show.
        #expect(try system.list("/proc/self/fd").count < before + 1000)
    }
}
