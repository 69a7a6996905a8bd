import Posix

/// A segment that is complete.
struct HeldSegment: Equatable, Sendable {
    let segment: Segment
    /// The size of its file.
    let bytes: Int
}

/// The segment that is written, and what the journal has on disk beside it. Guarded by the journal's lock.
struct ActiveSegment {
    private(set) var segment: Segment
    private(set) var file: File
    /// Bytes of the segment that hold its header and whole records.
    private(set) var bytes: Int
    /// The segments before it, oldest first.
    private(set) var earlier: [HeldSegment]
    /// Files that were written since the last sync, oldest first, without `file`.
    var unsynced: [File] = []
    /// Whether a segment was made since the directory was last synced.
    var isDirectoryDirty = true
    /// Whether the file may end in bytes that are no record, or in some that the device refused: nothing goes behind
    /// them.
    var isSpoilt = false
    var isClosed = false

    let directory: String

    var end: JournalPosition { segment.base.advanced(by: bytes) }
    var isEmpty: Bool { bytes == Segment.headerBytes }
    /// Where the oldest segment ends.
    var baseAfterOldest: JournalPosition { earlier.count > 1 ? earlier[1].segment.base : segment.base }
    var heldBytes: Int { earlier.reduce(bytes) { $0 + $1.bytes } }

    /// Begins a journal's first segment of this process behind what is there.
    init(
        in directory: String, after earlier: [HeldSegment], base: JournalPosition, salt: UInt64,
        in system: any FileSystem
    ) throws(SystemError) {
        self.directory = directory
        self.earlier = earlier
        segment = Segment(in: directory, base: base)
        file = try Self.make(segment, salt: salt, origin: .reopened, in: system)
        bytes = Segment.headerBytes
    }

    private static func make(
        _ segment: Segment, salt: UInt64, origin: Segment.Origin, in system: any FileSystem
    ) throws(SystemError) -> File {
        let file = try File(segment.path, .createToAppend, in: system)
        do {
            try file.append(Segment.Header(base: segment.base, salt: salt, origin: origin).bytes.span)
        } catch {
            try? system.removeFile(segment.path)  // the first error is the one to report
            throw error
        }
        return file
    }

    /// Whether a record of this many bytes goes into the next segment.
    func mustRoll(for recordBytes: Int, limit: Int) -> Bool {
        isSpoilt || !isEmpty && bytes + recordBytes > limit
    }

    /// Goes on in a new segment.
    mutating func roll(salt: UInt64, in system: any FileSystem) throws(SystemError) {
        let next = Segment(in: directory, base: end)
        let nextFile = try Self.make(next, salt: salt, origin: .continued, in: system)
        earlier.append(HeldSegment(segment: segment, bytes: bytes))
        unsynced.append(file)
        segment = next
        file = nextFile
        bytes = Segment.headerBytes
        isDirectoryDirty = true
        isSpoilt = false
    }

    /// Appends a record, or leaves the segment as it was.
    mutating func append(_ header: Span<UInt8>, _ stored: Span<UInt8>) throws(SystemError) {
        do {
            try file.append(header, stored)
            bytes += header.count + stored.count
        } catch {
            do {
                try file.truncate(toBytes: bytes)
            } catch {
                isSpoilt = true
            }
            throw error
        }
    }

    mutating func removeOldest() {
        earlier.removeFirst()
    }

    /// Takes note of a segment that became another size, or, where that is nil, was put aside.
    mutating func resize(_ segment: Segment, toBytes bytes: Int?) {
        guard let index = earlier.firstIndex(where: { $0.segment == segment }) else { return }
        if let bytes {
            earlier[index] = HeldSegment(segment: segment, bytes: bytes)
        } else {
            earlier.remove(at: index)
        }
    }
}
