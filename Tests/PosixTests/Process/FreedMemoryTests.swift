import Glibc
import Posix
import TestSupport
import Testing

@Suite struct FreedMemoryTests {
    private static let bytes = 16 * 4096

    /// Whether the pages are in the process' page table, as /proc/self/pagemap has it: one word a page, bit 63.
    private static func presentPages(_ start: UnsafeRawPointer) throws -> Int {
        let descriptor = unsafe open("/proc/self/pagemap", O_RDONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var words = [UInt64](repeating: 0, count: bytes / 4096)
        let read = unsafe pread(descriptor, &words, words.count * 8, Int(bitPattern: start) / 4096 * 8)
        try #require(read == words.count * 8)
        return words.count { $0 >> 63 == 1 }
    }

    @Test func codeOfTheStartIsLetGoAndComesBack() throws {
        let directory = TemporaryDirectory()
        let path = "\(directory.path)/code"
        let descriptor = unsafe open(path, O_RDWR | O_CREAT, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let content = [UInt8](repeating: 0x5a, count: Self.bytes)
        try #require(unsafe write(descriptor, content, content.count) == content.count)
        func map(_ protection: Int32) throws -> UnsafeMutableRawPointer {
            let start = unsafe mmap(nil, Self.bytes, protection, MAP_PRIVATE, descriptor, 0)
            guard unsafe start != MAP_FAILED, let start = unsafe start else { throw SystemError(call: "mmap") }
            return unsafe start
        }
        func sum(_ start: UnsafeMutableRawPointer) -> Int {
            unsafe UnsafeRawBufferPointer(start: start, count: Self.bytes).reduce(0) { $0 + Int($1) }
        }
        let code = unsafe try map(PROT_READ | PROT_EXEC)
        let data = unsafe try map(PROT_READ | PROT_WRITE)
        defer {
            unsafe munmap(code, Self.bytes)
            unsafe munmap(data, Self.bytes)
        }
        unsafe data.storeBytes(of: 1, as: UInt8.self)
        #expect(unsafe sum(code) == Self.bytes * 0x5a)
        #expect(try unsafe Self.presentPages(code) == Self.bytes / 4096)

        try FreedMemory.giveBackCode()

        #expect(try unsafe Self.presentPages(code) == 0)
        #expect(unsafe data.load(as: UInt8.self) == 1, "a page that was written to may not be dropped")
        #expect(unsafe sum(code) == Self.bytes * 0x5a)
    }
}
