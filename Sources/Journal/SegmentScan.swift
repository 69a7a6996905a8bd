import Encoding
import Posix

/// A stretch of a segment that holds no readable record.
struct Damage: Equatable {
    let range: Range<Int>
    /// Whether it looks like a write that the end of the process cut short: the bytes just end, or are still zero.
    let isTorn: Bool
}

/// Walks through the records of a segment, and over what is not one.
struct SegmentScan {
    enum Step {
        /// `withPayload` gives the payload until the next step; `end` is the offset behind the record.
        case record(type: UInt8, end: Int)
        case damage(Damage)
        case end
    }

    private var reader: SegmentReader
    private let seal: RecordSeal
    /// Where to stop. The file may be longer, by something that was never acknowledged.
    private let limit: Int
    private(set) var offset: Int
    private var unpacked: [UInt8] = []
    /// Where the payload lies in the file; nil if it is in `unpacked`.
    private var payloadRange: Range<Int>?

    init(_ reader: SegmentReader, salt: UInt64, from offset: Int, limit: Int) {
        self.reader = reader
        seal = RecordSeal(salt: salt)
        self.offset = offset
        self.limit = limit
    }

    /// The payload of the record that the last step found.
    func withPayload<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        guard let range = payloadRange else { return body(unpacked.span) }
        let window = reader.window
        return body(window.span.extracting(reader.place(of: range.lowerBound, count: range.count)))
    }

    mutating func next() throws(SystemError) -> Step {
        while offset < limit {
            if let header = try readRecord(at: offset) {
                offset += header.recordBytes
                if header.type == RecordHeader.gapType { continue }
                return .record(type: header.type, end: offset)
            }
            let start = offset
            offset = try nextRecord(after: start) ?? limit
            return .damage(Damage(range: start..<offset, isTorn: try isTorn(from: start, to: offset)))
        }
        return .end
    }

    /// The header of a whole and sound record, whose payload is then ready.
    private mutating func readRecord(at offset: Int) throws(SystemError) -> RecordHeader? {
        guard let header = try readHeader(at: offset), header.recordBytes <= limit - offset else { return nil }
        let start = offset + RecordHeader.bytes
        if header.type == RecordHeader.gapType { return header }
        try reader.load(offset, count: header.recordBytes)
        let window = reader.window
        let stored = window.span.extracting(reader.place(of: start, count: header.storedBytes))
        let sealed = window.span.extracting(reader.place(of: offset, count: RecordHeader.bytes))
        guard seal.holds(for: sealed, stored) else { return nil }
        switch header.coding {
        case .plain:
            payloadRange = start..<start + header.storedBytes
        case .lz4:
            unpacked.removeAll(keepingCapacity: true)
            do {
                try LZ4.decompress(stored, count: header.payloadBytes, appendingTo: &unpacked)
            } catch {
                return nil
            }
            payloadRange = nil
        }
        return header
    }

    private mutating func readHeader(at offset: Int) throws(SystemError) -> RecordHeader? {
        guard limit - offset >= RecordHeader.bytes else { return nil }
        try reader.load(offset, count: RecordHeader.bytes)
        return seal.readHeader(reader.window.span, at: reader.place(of: offset, count: 0).lowerBound)
    }

    /// Tries every offset behind damage, which is at least one header long: a gap of that size can be written over it.
    private mutating func nextRecord(after start: Int) throws(SystemError) -> Int? {
        var candidate = start + RecordHeader.bytes
        while candidate + RecordHeader.bytes <= limit {
            try reader.load(candidate, count: RecordHeader.bytes)
            let count = min(reader.loadedCount(from: candidate), limit - candidate)
            guard let found = firstHeader(in: candidate..<candidate + count) else {
                candidate += count - RecordHeader.bytes + 1
                continue
            }
            candidate = found
            if try readRecord(at: candidate) != nil { return candidate }
            candidate += 1
        }
        return nil
    }

    /// Looks through loaded bytes only.
    private func firstHeader(in range: Range<Int>) -> Int? {
        let window = reader.window
        let bytes = window.span
        let place = reader.place(of: range.lowerBound, count: range.count)
        for index in place.lowerBound...place.upperBound - RecordHeader.bytes
        where seal.readHeader(bytes, at: index) != nil {
            return range.lowerBound + index - place.lowerBound
        }
        return nil
    }

    private mutating func isTorn(from start: Int, to end: Int) throws(SystemError) -> Bool {
        guard end == limit else { return false }
        if limit - start < RecordHeader.bytes { return true }
        if let header = try readHeader(at: start) { return header.recordBytes > limit - start }
        return try isZero(from: start)
    }

    private mutating func isZero(from start: Int) throws(SystemError) -> Bool {
        var position = start
        while position < limit {
            try reader.load(position, count: 1)
            let count = min(reader.loadedCount(from: position), limit - position)
            if reader.window[reader.place(of: position, count: count)].contains(where: { $0 != 0 }) { return false }
            position += count
        }
        return true
    }
}
