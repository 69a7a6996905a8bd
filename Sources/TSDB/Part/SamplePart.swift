import Encoding
import Posix
import Synchronization

/// A mapped part. Opening checks header, footer and group index; each group is checked when it is first read.
final class SamplePart: Sendable {
    let file: MappedFile
    let summary: PartFormat.Summary
    private let indexOffset: Int
    private let checked: CheckedGroups
    private let knownSeries = Lock<SeriesBits?>(nil)

    init(_ file: MappedFile) throws(PartError) {
        self.file = file
        let bytes = file.bytes
        guard bytes.count >= PartFormat.headerBytes + PartFormat.footerBytes else {
            throw PartError("the file is cut off", at: bytes.count)
        }
        try Self.checkMagic(bytes, at: 0)
        try Self.checkMagic(bytes, at: bytes.count - PartFormat.headerBytes)
        let footerOffset = bytes.count - PartFormat.footerBytes
        let footer = bytes.extracting(footerOffset...)
        do throws(DecodeError) {
            (indexOffset, summary) = try Self.readFooter(footer)
        } catch {
            throw PartError("\(error.reason)", at: footerOffset + error.offset)
        }
        guard Self.word(footer, at: 80) == CRC32C.of(footer.extracting(..<80)) else {
            throw PartError("the checksum of the footer is wrong", at: footerOffset)
        }
        guard indexOffset >= PartFormat.headerBytes,
            indexOffset + summary.groups * PartFormat.Group.bytes == footerOffset
        else { throw PartError("the group index does not fit", at: footerOffset) }
        let index = bytes.extracting(indexOffset..<footerOffset)
        guard Self.word(footer, at: 12) == CRC32C.of(index) else {
            throw PartError("the checksum of the group index is wrong", at: indexOffset)
        }
        checked = CheckedGroups(summary.groups)
        try checkGroups()
    }

    /// Holds a group against its checksum, once as long as the part is open.
    func check(_ number: Int, _ group: PartFormat.Group) throws(PartError) {
        if checked.contains(number) { return }
        let file = file
        let bytes = file.bytes.extracting(group.offset..<group.offset + group.headerBytes + group.storedBytes)
        guard CRC32C.of(bytes) == group.checksum else {
            throw PartError("the checksum of group \(number) is wrong", at: group.offset)
        }
        checked.insert(number)
    }

    var bytes: Int { file.count }

    func group(_ number: Int) -> PartFormat.Group {
        let offset = indexOffset + number * PartFormat.Group.bytes
        let file = file
        let bytes = file.bytes
        do throws(DecodeError) {
            return try PartFormat.Group(bytes.extracting(offset..<offset + PartFormat.Group.bytes))
        } catch {
            preconditionFailure("BUG: group \(number) lies outside of the index")
        }
    }

    /// The first group that may hold a series with this id or a greater one.
    func firstGroup(holding id: UInt64, from start: Int = 0) -> Int {
        var (low, high) = (start, summary.groups)
        while low < high {
            let middle = (low + high) / 2
            if group(middle).lastID >= id { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Which series have samples in the part. Found by walking all groups when it is first asked.
    func series() throws(PartError) -> SeriesBits {
        if let known = knownSeries.withLock({ $0 }) { return known }
        let found = try SeriesBits(of: self)
        knownSeries.withLock { $0 = found }
        return found
    }

    private func checkGroups() throws(PartError) {
        var (first, last): (UInt64, UInt64) = (.max, 0)
        var blocks = 0
        for number in 0..<summary.groups {
            let group = group(number)
            guard group.offset >= PartFormat.headerBytes, group.offset < indexOffset,
                group.headerBytes + group.storedBytes <= indexOffset - group.offset,
                group.rawBytes <= PartFormat.groupBytesMax, group.firstID >= last, group.lastID >= group.firstID,
                group.blocks * PartFormat.blockHeaderBytesMin <= group.headerBytes
            else { throw PartError("group \(number) is out of place", at: indexOffset) }
            first = min(first, group.firstID)
            last = group.lastID
            blocks += group.blocks
        }
        guard summary.firstID == first, summary.lastID == last, (0...blocks).contains(summary.series) else {
            throw PartError("the footer does not tell what the groups hold", at: bytes - PartFormat.footerBytes)
        }
    }

    private static func checkMagic(_ bytes: Span<UInt8>, at offset: Int) throws(PartError) {
        for (index, byte) in PartFormat.magic.enumerated() where bytes[offset + index] != byte {
            throw PartError("this is no part of samples", at: offset)
        }
        let version = bytes[offset + PartFormat.magic.count]
        guard version == PartFormat.version else { throw PartError("format version \(version) is unknown", at: offset) }
    }

    private static func readFooter(_ footer: Span<UInt8>) throws(DecodeError) -> (Int, PartFormat.Summary) {
        var reader = ByteReader(footer)
        var summary = PartFormat.Summary()
        let indexOffset = Int(truncatingIfNeeded: try reader.readLittleEndian(UInt64.self) & 0x7fff_ffff_ffff)
        summary.groups = Int(try reader.readLittleEndian(UInt32.self))
        try reader.skip(4)
        summary.series = Int(truncatingIfNeeded: try reader.readLittleEndian(UInt64.self))
        summary.samples = Int(truncatingIfNeeded: try reader.readLittleEndian(UInt64.self))
        summary.histograms = Int(truncatingIfNeeded: try reader.readLittleEndian(UInt64.self))
        summary.minMs = try reader.readLittleEndian(Int64.self)
        summary.maxMs = try reader.readLittleEndian(Int64.self)
        summary.firstID = try reader.readLittleEndian(UInt64.self)
        summary.lastID = try reader.readLittleEndian(UInt64.self)
        summary.deletionsApplied = try reader.readLittleEndian(UInt64.self)
        return (indexOffset, summary)
    }

    private static func word(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
    }
}

/// Which groups of a part were found right. Any thread may find it; a bit that is lost costs one more look.
@safe
private final class CheckedGroups: @unchecked Sendable {  // only atomic words are shared
    private let words: UnsafeMutableBufferPointer<Atomic<UInt64>>

    init(_ groups: Int) {
        unsafe words = .allocate(capacity: groups / 64 + 1)
        for index in unsafe words.indices { unsafe words.initializeElement(at: index, to: Atomic(0)) }
    }

    deinit {
        unsafe words.deinitialize()
        unsafe words.deallocate()
    }

    func contains(_ group: Int) -> Bool {
        unsafe words[group / 64].load(ordering: .relaxed) & 1 << UInt64(group % 64) != 0
    }

    func insert(_ group: Int) {
        unsafe words[group / 64].bitwiseOr(1 << UInt64(group % 64), ordering: .relaxed)
    }
}
