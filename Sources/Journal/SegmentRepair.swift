import Posix

/// Replaces a segment by a copy in which corrupt stretches are gaps, so that they are found and told only once, and keeps
/// the original in `quarantine`: a hard link, so that nothing is lost at whatever point the process ends.
struct SegmentRepair {
    static let suffix = ".repair"
    private static let quarantine = "quarantine"
    private static let blockBytes = 1 << 20

    let segment: Segment
    let header: Segment.Header
    let damages: [Damage]
    /// The size of the segment.
    let bytes: Int

    /// - Returns: the path of the original, or nil if something failed and the segment stays as it is.
    func run(in directory: String, _ system: any FileSystem) -> String? {
        do throws(SystemError) {
            let copy = try Self.link(segment, in: directory, system)
            try writeRepaired(system)
            try system.rename(segment.path + Self.suffix, to: segment.path)
            try system.syncDirectory(directory)
            return copy
        } catch {
            return nil
        }
    }

    /// Moves a segment that cannot be read at all.
    static func putAside(_ segment: Segment, in directory: String, _ system: any FileSystem) -> String? {
        do throws(SystemError) {
            let copy = try link(segment, in: directory, system)
            try system.removeFile(segment.path)
            try system.syncDirectory(directory)
            return copy
        } catch {
            return nil
        }
    }

    private static func link(
        _ segment: Segment, in directory: String, _ system: any FileSystem
    ) throws(SystemError) -> String {
        let quarantine = FilePath.join(directory, Self.quarantine)
        try system.createDirectories(quarantine)
        let original = try system.status(at: segment.path)
        let path = FilePath.join(quarantine, FilePath.name(of: segment.path))
        var copy = path
        var number = 1
        while let taken = try system.status(at: copy) {
            if taken.inode == original?.inode { return copy }
            number += 1
            copy = "\(path).\(number)"
        }
        try system.link(segment.path, to: copy)
        try system.syncDirectory(quarantine)
        return copy
    }

    private func writeRepaired(_ system: any FileSystem) throws(SystemError) {
        let source = try File(segment.path, .read, in: system)
        let path = segment.path + Self.suffix
        try system.removeTree(path)
        let target = try File(path, .create, in: system)
        var block = [UInt8](repeating: 0, count: Self.blockBytes)
        var offset = 0
        while offset < bytes {
            var span = block.mutableSpan
            let count = min(try source.read(into: &span, at: offset), bytes - offset)
            if count == 0 { break }
            try target.write(block.span.extracting(first: count), at: offset)
            offset += count
        }
        for damage in damages { try fill(damage.range, of: target) }
        try target.sync()
    }

    /// Puts a gap in the place of damage, or ends the file there if nothing follows that a reader would look for.
    private func fill(_ range: Range<Int>, of target: File) throws(SystemError) {
        let gapBytes = range.count - RecordHeader.bytes
        guard gapBytes >= 0 else {
            precondition(range.upperBound == bytes, "BUG: damage within a segment is shorter than a record's header")
            return try target.truncate(toBytes: range.lowerBound)
        }
        let gap = RecordHeader(type: RecordHeader.gapType, coding: .plain, storedBytes: gapBytes, payloadBytes: 0)
        let sealed = RecordSeal(salt: header.salt).sealed(gap, Span())
        try target.write(sealed.span, at: range.lowerBound)
    }
}
