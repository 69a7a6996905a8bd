import Encoding
import Model
import Posix

/// Reads the series of a part in ascending order of their ids, one group at a time.
@safe
struct PartCursor: ~Copyable {
    let part: SamplePart
    private var group = -1
    private var info: PartFormat.Group?
    /// The group that the block of the last `peek` is in.
    var current: PartFormat.Group? { info }
    private var payload: [UInt8] = []
    private var isUnpacked = false
    private var runs: [Run] = []
    /// Those of the group as far as its header is read.
    private var blocks: [Block] = []
    /// How far the header of the group is read: bytes, bytes of the payload that its blocks take, the last one's id.
    private var header = (position: 0, payload: 0, id: UInt64(0))
    /// The first block of `blocks` that may hold the series asked next.
    private var next = 0
    /// Decoded timestamps of `decodedRun`.
    private let times: UnsafeMutablePointer<Int64>
    private var decodedRun = -1

    struct Block {
        var id: UInt64
        var kind: PartFormat.Kind
        var count: Int
        var run: Int
        var bytes: Range<Int>
    }

    private struct Run {
        var count: Int
        var minMs: Int64
        var maxMs: Int64
        var bytes: Range<Int>
    }

    init(_ part: SamplePart) {
        self.part = part
        unsafe times = .allocate(capacity: IntegerCodec.countMax)
    }

    deinit {
        unsafe times.deallocate()
    }

    /// Finds the blocks of a series; cheapest where each id is a little above the one asked before.
    ///
    /// - Parameter body: called for each block whose timestamps may lie within `range`.
    mutating func forEachBlock<Failure: Error>(
        of id: UInt64, overlapping range: ClosedRange<Int64>,
        _ body: (inout PartCursor, Block) throws(Failure) -> Void, failing: (PartError) -> Failure
    ) throws(Failure) {
        guard part.summary.groups > 0, id >= part.summary.firstID, id <= part.summary.lastID else { return }
        var number = max(group, 0)
        if let info, info.firstID < id {
            if info.lastID < id { number = part.firstGroup(holding: id, from: number) }
        } else {
            number = part.firstGroup(holding: id)
        }
        while number < part.summary.groups {
            do throws(PartError) { try open(number) } catch { throw failing(error) }
            guard let info, info.firstID <= id else { return }
            if info.maxMs >= range.lowerBound && info.minMs <= range.upperBound {
                do throws(PartError) { try readBlocks(through: id) } catch { throw failing(error) }
                if next >= blocks.count || blocks[next].id != id { next = firstBlock(of: id) }
                var at = next
                while at < blocks.count && blocks[at].id == id {
                    let block = blocks[at]
                    let run = runs[block.run]
                    if run.maxMs >= range.lowerBound && run.minMs <= range.upperBound { try body(&self, block) }
                    at += 1
                }
                next = at
            }
            guard info.lastID == id else { return }
            number += 1
        }
    }

    private func firstBlock(of id: UInt64) -> Int {
        var (low, high) = (0, blocks.count)
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The block that comes next when all of the part is read in order; nil at its end.
    mutating func peek() throws(PartError) -> Block? {
        guard part.summary.groups > 0 else { return nil }
        try openWhole(max(group, 0))
        while next >= blocks.count {
            guard group + 1 < part.summary.groups else { return nil }
            try openWhole(group + 1)
        }
        return blocks[next]
    }

    /// Moves behind the block that `peek` gave.
    mutating func advance() { next += 1 }

    /// Calls `body` with the series of each block of a group and the block's share of the bytes that the group takes.
    mutating func forEachStoredSize(inGroup number: Int, _ body: (UInt64, Double) -> Void) throws(PartError) {
        try openWhole(number)
        guard let info, info.blocks > 0 else { return }
        let own = blocks.reduce(0) { $0 + $1.bytes.count }
        let shared = Double(info.headerBytes + info.storedBytes + PartFormat.Group.bytes)
        let packing = shared / Double(max(1, own))
        for block in blocks { body(block.id, Double(block.bytes.count) * packing) }
    }

    /// First and last timestamp of a block.
    func span(_ block: Block) -> ClosedRange<Int64> {
        let run = runs[block.run]
        return run.minMs...run.maxMs
    }

    /// The timestamps of a block, until the next call.
    mutating func timestamps(_ block: Block) throws(PartError) -> UnsafeBufferPointer<Int64> {
        try decodeTimes(block)
        return unsafe UnsafeBufferPointer(start: times, count: block.count)
    }

    /// Where the timestamps of a block are: equal places mean equal timestamps.
    func run(_ block: Block) -> (group: Int, run: Int) { (group, block.run) }

    /// Decodes the values of a block of floats to memory of the caller.
    mutating func decodeValues(_ block: Block, to target: UnsafeMutablePointer<Double>) throws(PartError) {
        try unpack()
        do throws(CodecError) {
            var reader = reader(at: block.bytes)
            try unsafe ValueCodec.decode(&reader, count: block.count, to: target)
        } catch {
            throw corrupt(error)
        }
    }

    /// Appends a block of floats to columns, and its start timestamps where it has some.
    mutating func appendFloats(_ block: Block, to columns: inout FloatColumns) throws(PartError) {
        try decodeTimes(block)
        columns.append(count: block.count)
        let at = columns.count - block.count
        unsafe columns.times.advanced(by: at).update(from: times, count: block.count)
        do throws(CodecError) {
            var reader = reader(at: block.bytes)
            try unsafe ValueCodec.decode(&reader, count: block.count, to: columns.values + at)
            if block.kind == .startedFloats {
                try unsafe IntegerCodec.decode(&reader, count: block.count, to: columns.beginStarts() + at)
            } else if columns.hasStarts {
                unsafe columns.starts.advanced(by: at).update(repeating: 0, count: block.count)
            }
        } catch {
            throw corrupt(error)
        }
    }

    /// The histograms of a block.
    mutating func histograms(_ block: Block) throws(PartError) -> [SampleBatch.Histogram] {
        var found: [SampleBatch.Histogram] = []
        try appendHistograms(block, to: &found)
        return found
    }

    mutating func appendHistograms(
        _ block: Block, to histograms: inout [SampleBatch.Histogram]
    ) throws(PartError) {
        try decodeTimes(block)
        do throws(CodecError) {
            var reader = reader(at: block.bytes)
            let times = unsafe UnsafeBufferPointer(start: times, count: block.count)
            try unsafe HistogramCodec.decode(&reader, times: times, appendingTo: &histograms)
        } catch {
            throw corrupt(error)
        }
    }

    // MARK: groups

    /// A reader from the start of a block on. It may look beyond the block, as the kernels do; what it is asked for beyond
    /// the payload is refused.
    @_lifetime(borrow self)
    private func reader(at bytes: Range<Int>) -> ByteReader {
        ByteReader(payload.span.extracting(bytes.lowerBound...))
    }

    private func corrupt(_ error: CodecError) -> PartError {
        PartError("\(error)", at: info?.offset ?? 0)
    }

    private mutating func decodeTimes(_ block: Block) throws(PartError) {
        try unpack()
        guard decodedRun != block.run else { return }
        decodedRun = -1
        do throws(CodecError) {
            var reader = reader(at: runs[block.run].bytes)
            try unsafe IntegerCodec.decode(&reader, count: block.count, to: times)
        } catch {
            throw corrupt(error)
        }
        decodedRun = block.run
    }

    /// Opens a group: the head of its header is read, its blocks when they are asked for, its payload when it is.
    private mutating func open(_ number: Int) throws(PartError) {
        guard number != group else { return }
        let info = part.group(number)
        (group, self.info) = (-1, nil)
        isUnpacked = false
        decodedRun = -1
        next = 0
        try part.check(number, info)
        runs.removeAll(keepingCapacity: true)
        blocks.removeAll(keepingCapacity: true)
        let file = part.file
        var reader = ByteReader(file.bytes.extracting(info.offset..<info.offset + info.headerBytes))
        do {
            let runCount = try reader.readVarint()
            var payload = 0
            for _ in 0..<runCount {
                let count = Int(truncatingIfNeeded: try reader.readVarint())
                let minMs = info.minMs &+ Int64(bitPattern: try reader.readVarint())
                let maxMs = minMs &+ Int64(bitPattern: try reader.readVarint())
                let bytes = try reader.readVarint()
                guard count > 0, count <= IntegerCodec.countMax, minMs <= maxMs,
                    bytes <= UInt64(info.rawBytes - payload)
                else { throw PartError("a run of timestamps is not possible", at: reader.offset) }
                runs.append(
                    Run(count: count, minMs: minMs, maxMs: maxMs, bytes: payload..<payload + Int(bytes)))
                payload += Int(bytes)
            }
            header = (reader.offset, payload, info.firstID)
        } catch {
            throw corruptHeader(number, info, error)
        }
        (group, self.info) = (number, info)
    }

    private mutating func openWhole(_ number: Int) throws(PartError) {
        try open(number)
        try readBlocks(through: .max)
    }

    /// Reads the header of the group until all blocks of a series, if it has some, are known.
    private mutating func readBlocks(through id: UInt64) throws(PartError) {
        guard let info, header.id <= id, blocks.count < info.blocks else { return }
        let file = part.file
        var reader = ByteReader(
            file.bytes.extracting(info.offset + header.position..<info.offset + info.headerBytes))
        var (payload, last) = (header.payload, header.id)
        do {
            repeat {
                let distance = try reader.readVarint()
                let form = try reader.readVarint()
                let run = try reader.readVarint()
                let bytes = try reader.readVarint()
                guard distance <= info.lastID - last, run < UInt64(runs.count),
                    bytes <= UInt64(info.rawBytes - payload),
                    let kind = PartFormat.Kind(rawValue: UInt8(form & 3)),
                    form >> 2 == UInt64(runs[Int(run)].count)
                else { throw PartError("a block lies outside of its group or has no timestamps", at: reader.offset) }
                last += distance
                blocks.append(
                    Block(
                        id: last, kind: kind, count: Int(form >> 2), run: Int(run),
                        bytes: payload..<payload + Int(bytes)))
                payload += Int(bytes)
            } while last <= id && blocks.count < info.blocks
        } catch {
            let number = group
            (group, self.info) = (-1, nil)
            throw corruptHeader(number, info, error)
        }
        header = (header.position + reader.offset, payload, last)
    }

    private func corruptHeader(_ number: Int, _ info: PartFormat.Group, _ error: any Error) -> PartError {
        PartError("the header of group \(number) cannot be read: \(error)", at: info.offset)
    }

    private mutating func unpack() throws(PartError) {
        guard !isUnpacked, let info else { return }
        payload.removeAll(keepingCapacity: true)
        let file = part.file
        let start = info.offset + info.headerBytes
        let stored = file.bytes.extracting(start..<start + info.storedBytes)
        if info.storedBytes == info.rawBytes {
            payload.append(stored)
        } else {
            do throws(CompressionError) {
                try LZ4.decompress(stored, count: info.rawBytes, appendingTo: &payload)
            } catch {
                throw PartError("\(error)", at: start)
            }
        }
        // Room for what the kernels load beyond the last block.
        payload.append(contentsOf: repeatElement(0, count: 16))
        isUnpacked = true
    }
}
