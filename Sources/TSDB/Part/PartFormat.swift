import Encoding

/// A part of samples: groups of blocks, each group packed together, and an index of the groups at the end.
/// TSDB.docc/Parts.md draws it.
enum PartFormat {
    static let magic: [UInt8] = Array("OBSTSDB".utf8)
    static let version: UInt8 = 1
    static let headerBytes = 8
    static let footerBytes = 92
    /// A group is closed when its blocks take this much before LZ4: small enough that one series alone is cheap, large
    /// enough that LZ4 finds what neighbours have in common.
    static let groupBytes = 16 << 10
    /// Bounds what a reader holds for one group: samples come at less than a bit where values never change.
    static let groupBlocksMax = 4096
    /// Id, form, run and length.
    static let blockHeaderBytesMin = 4
    /// More than a group can become, for a reader that checks before it unpacks.
    static let groupBytesMax = 64 << 20

    enum Kind: UInt8 {
        case floats = 0
        /// Floats with the start timestamp of each sample.
        case startedFloats = 1
        case histograms = 2
    }

    /// What the index says of a group.
    struct Group: Equatable {
        static let bytes = 64

        var offset: Int
        var headerBytes: Int
        var storedBytes: Int
        var rawBytes: Int
        var checksum: UInt32
        var blocks: Int
        var firstID: UInt64
        var lastID: UInt64
        var minMs: Int64
        var maxMs: Int64
        var samples: Int

        func append(to bytes: inout [UInt8]) {
            bytes.appendLittleEndian(UInt64(offset))
            for word in [headerBytes, storedBytes, rawBytes] { bytes.appendLittleEndian(UInt32(word)) }
            bytes.appendLittleEndian(checksum)
            bytes.appendLittleEndian(firstID)
            bytes.appendLittleEndian(lastID)
            bytes.appendLittleEndian(minMs)
            bytes.appendLittleEndian(maxMs)
            bytes.appendLittleEndian(UInt32(samples))
            bytes.appendLittleEndian(UInt32(blocks))
        }

        init(
            offset: Int, headerBytes: Int, storedBytes: Int, rawBytes: Int, checksum: UInt32, blocks: Int,
            firstID: UInt64, lastID: UInt64, minMs: Int64, maxMs: Int64, samples: Int
        ) {
            self.offset = offset
            self.headerBytes = headerBytes
            self.storedBytes = storedBytes
            self.rawBytes = rawBytes
            self.checksum = checksum
            self.blocks = blocks
            self.firstID = firstID
            self.lastID = lastID
            self.minMs = minMs
            self.maxMs = maxMs
            self.samples = samples
        }

        init(_ bytes: Span<UInt8>) throws(DecodeError) {
            var reader = ByteReader(bytes)
            offset = Int(truncatingIfNeeded: try reader.readLittleEndian(UInt64.self))
            headerBytes = Int(try reader.readLittleEndian(UInt32.self))
            storedBytes = Int(try reader.readLittleEndian(UInt32.self))
            rawBytes = Int(try reader.readLittleEndian(UInt32.self))
            checksum = try reader.readLittleEndian(UInt32.self)
            firstID = try reader.readLittleEndian(UInt64.self)
            lastID = try reader.readLittleEndian(UInt64.self)
            minMs = try reader.readLittleEndian(Int64.self)
            maxMs = try reader.readLittleEndian(Int64.self)
            samples = Int(try reader.readLittleEndian(UInt32.self))
            blocks = Int(try reader.readLittleEndian(UInt32.self))
        }
    }

    /// What a part holds in all.
    struct Summary: Equatable {
        var groups = 0
        var series = 0
        var samples = 0
        var histograms = 0
        var minMs = Int64.max
        var maxMs = Int64.min
        var firstID = UInt64.max
        var lastID: UInt64 = 0
        /// Deletions up to this one are not to be applied to the part any more.
        var deletionsApplied: UInt64 = 0
    }
}

/// Why a part cannot be read: where in the file, and what is wrong.
package struct PartError: Error, Equatable, CustomStringConvertible {
    package let offset: Int
    package let reason: String

    init(_ reason: String, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    package var description: String { "the part is corrupt at offset \(offset): \(reason)" }
}
