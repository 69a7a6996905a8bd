import Glibc
import Posix

/// Reads a segment through a window that moves with the reader and is as large as the largest record at most.
///
/// Not through a mapping: a device that cannot give a page would end the process then, here it is an error.
struct SegmentReader {
    private static let windowBytes = 1 << 20

    private let file: File
    /// Keep no copy of it over a `load`, which would have to copy the bytes then.
    private(set) var window: [UInt8] = []
    /// The offset of `window[0]`, and how much of the window is filled.
    private var start = 0
    private var filled = 0

    init(_ path: String, in system: any FileSystem) throws(SystemError) {
        file = try File(path, .read, in: system)
    }

    /// Makes sure that the window holds `count` bytes at `offset`, which must lie within the file.
    mutating func load(_ offset: Int, count: Int) throws(SystemError) {
        if offset >= start && offset + count <= start + filled { return }
        if window.count < count { window = [UInt8](repeating: 0, count: max(count, Self.windowBytes)) }
        start = offset
        filled = 0
        filled = try Self.fill(&window, from: file, at: offset)
        // The file became shorter while it was read.
        guard filled >= count else { throw SystemError(call: "read", on: file.path, code: EIO) }
    }

    private static func fill(_ window: inout [UInt8], from file: File, at offset: Int) throws(SystemError) -> Int {
        var span = window.mutableSpan
        return try file.read(into: &span, at: offset)
    }

    /// Where in `window` bytes are that `load` brought.
    func place(of offset: Int, count: Int) -> Range<Int> { offset - start..<offset - start + count }

    /// How many bytes from `offset` on the window holds.
    func loadedCount(from offset: Int) -> Int { max(0, start + filled - offset) }
}
