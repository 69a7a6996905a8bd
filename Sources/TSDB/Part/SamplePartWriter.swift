import Encoding
import Model

/// Writes a part: series by id, each with its samples in blocks by time. What is written gathers in `output`, which the
/// owner takes from time to time.
struct SamplePartWriter: ~Copyable {
    private let values = ValueEncoder()
    private let integers = IntegerEncoder()
    private var compressor: LZ4Compressor

    /// Bytes that the owner has not taken yet.
    private(set) var output: [UInt8]
    private var offset: Int
    private(set) var summary = PartFormat.Summary()
    private var index: [UInt8] = []

    // The open group.
    private var runs = RunTable()
    private var runBytes: [UInt8] = []
    private var blockBytes: [UInt8] = []
    private var blockHeaders: [UInt8] = []
    private var blocks = 0
    private var samples = 0
    private var firstID: UInt64 = 0
    private var lastID: UInt64 = 0
    private var minMs = Int64.max
    private var maxMs = Int64.min

    private var header: [UInt8] = []
    private var raw: [UInt8] = []

    /// - Parameter isMerge: pack harder: what a merge writes is read for long and rewritten seldom.
    init(deletionsApplied: UInt64 = 0, isMerge: Bool = false) {
        compressor = LZ4Compressor(isMerge ? .high(level: 4) : .fast)
        summary.deletionsApplied = deletionsApplied
        output = PartFormat.magic
        output.append(PartFormat.version)
        offset = output.count
    }

    /// Adds floats of a series, in ascending time; `starts` are their start timestamps, or nothing.
    ///
    /// - Parameter id: not below that of the series before.
    mutating func add(
        _ id: UInt64, _ times: UnsafeBufferPointer<Int64>, _ values: UnsafeBufferPointer<Double>,
        starts: UnsafeBufferPointer<Int64>? = nil
    ) {
        let count = times.count
        // Blocks of even size: a full one and a tiny one would pack worse.
        let pieces = (count + IntegerCodec.countMax - 1) / IntegerCodec.countMax
        for piece in 0..<pieces {
            let range = count * piece / pieces..<count * (piece + 1) / pieces
            let times = unsafe UnsafeBufferPointer(rebasing: times[range])
            let start = blockBytes.count
            unsafe self.values.encode(UnsafeBufferPointer(rebasing: values[range]), appendingTo: &blockBytes)
            if let starts = unsafe starts {
                unsafe integers.encode(UnsafeBufferPointer(rebasing: starts[range]), appendingTo: &blockBytes)
            }
            unsafe closeBlock(id, starts == nil ? .floats : .startedFloats, times, bytes: blockBytes.count - start)
        }
        summary.samples += count
    }

    /// Adds histograms of a series, in ascending time.
    mutating func add(_ id: UInt64, _ histograms: ArraySlice<SampleBatch.Histogram>) {
        var rest = histograms
        while !rest.isEmpty {
            let block = rest.prefix(HistogramCodec.countMax)
            rest = rest.dropFirst(block.count)
            let start = blockBytes.count
            HistogramCodec.encode(block, appendingTo: &blockBytes)
            let times = block.map(\.timestampMs)
            let bytes = blockBytes.count - start
            unsafe times.withUnsafeBufferPointer { unsafe closeBlock(id, .histograms, $0, bytes: bytes) }
        }
        summary.histograms += histograms.count
    }

    /// To be called when `output` was written to the file.
    mutating func removeOutput() {
        output.removeAll(keepingCapacity: true)
    }

    /// Ends the part; `output` then holds the last of it.
    mutating func finish() -> PartFormat.Summary {
        closeGroup()
        let indexOffset = offset
        append(index)
        var footer: [UInt8] = []
        footer.appendLittleEndian(UInt64(indexOffset))
        footer.appendLittleEndian(UInt32(summary.groups))
        footer.appendLittleEndian(CRC32C.of(index.span))
        footer.appendLittleEndian(UInt64(summary.series))
        footer.appendLittleEndian(UInt64(summary.samples))
        footer.appendLittleEndian(UInt64(summary.histograms))
        footer.appendLittleEndian(summary.minMs)
        footer.appendLittleEndian(summary.maxMs)
        footer.appendLittleEndian(summary.firstID)
        footer.appendLittleEndian(summary.lastID)
        footer.appendLittleEndian(summary.deletionsApplied)
        footer.appendLittleEndian(CRC32C.of(footer.span))
        footer.append(contentsOf: PartFormat.magic)
        footer.append(PartFormat.version)
        precondition(footer.count == PartFormat.footerBytes, "BUG: a footer of \(footer.count) bytes")
        append(footer)
        return summary
    }

    private mutating func append(_ bytes: [UInt8]) {
        output += bytes
        offset += bytes.count
    }

    private mutating func closeBlock(
        _ id: UInt64, _ kind: PartFormat.Kind, _ times: UnsafeBufferPointer<Int64>, bytes: Int
    ) {
        if blocks == 0 { (firstID, lastID) = (id, id) }
        let run = unsafe runNumber(times)
        blockHeaders.appendVarint(id - lastID)
        blockHeaders.appendVarint(UInt64(times.count) << 2 | UInt64(kind.rawValue))
        blockHeaders.appendVarint(UInt64(run))
        blockHeaders.appendVarint(UInt64(bytes))
        if summary.series == 0 || id != summary.lastID { summary.series += 1 }
        summary.firstID = min(summary.firstID, id)
        summary.lastID = id
        lastID = id
        blocks += 1
        samples += times.count
        if runBytes.count + blockBytes.count >= PartFormat.groupBytes || blocks == PartFormat.groupBlocksMax {
            closeGroup()
        }
    }

    /// The number of the run with these timestamps, which is made where none of the last ones is equal.
    private mutating func runNumber(_ times: UnsafeBufferPointer<Int64>) -> Int {
        if let known = unsafe runs.find(times) { return known }
        let start = runBytes.count
        unsafe integers.encode(times, appendingTo: &runBytes)
        let (first, last) = unsafe (times[0], times[times.count - 1])
        minMs = min(minMs, first)
        maxMs = max(maxMs, last)
        return unsafe runs.add(times, bytes: runBytes.count - start)
    }

    private mutating func closeGroup() {
        guard blocks > 0 else { return }
        header.removeAll(keepingCapacity: true)
        header.appendVarint(UInt64(runs.count))
        runs.appendHeader(minMs: minMs, to: &header)
        header += blockHeaders
        raw.removeAll(keepingCapacity: true)
        raw += runBytes
        raw += blockBytes
        let groupOffset = offset
        let start = output.count
        output += header
        let stored = appendPacked()
        let bytes = output.count - start
        let group = PartFormat.Group(
            offset: groupOffset, headerBytes: header.count, storedBytes: stored, rawBytes: raw.count,
            checksum: CRC32C.of(output.span.extracting(start...)), blocks: blocks, firstID: firstID, lastID: lastID,
            minMs: minMs, maxMs: maxMs, samples: samples)
        group.append(to: &index)
        offset += bytes
        summary.groups += 1
        summary.minMs = min(summary.minMs, minMs)
        summary.maxMs = max(summary.maxMs, maxMs)
        clearGroup()
    }

    /// Appends `raw`, packed where that makes it smaller, and returns its stored length.
    private mutating func appendPacked() -> Int {
        let start = output.count
        let raw = raw
        do throws(CompressionError) {
            let packed = try compressor.compress(raw.span, appendingTo: &output)
            if packed < raw.count { return packed }
        } catch {
            preconditionFailure("BUG: a group of \(raw.count) bytes: \(error)")
        }
        output.removeLast(output.count - start)
        output += raw
        return raw.count
    }

    private mutating func clearGroup() {
        runs.removeAll()
        runBytes.removeAll(keepingCapacity: true)
        blockBytes.removeAll(keepingCapacity: true)
        blockHeaders.removeAll(keepingCapacity: true)
        (blocks, samples, minMs, maxMs) = (0, 0, .max, .min)
    }
}

/// The timestamp runs of an open group. The last few are kept as they are, to recognise them: series of one target come
/// one after the other and share theirs.
private struct RunTable {
    private static let keptMax = 4

    private struct Run {
        var first: Int64
        var last: Int64
        var count: Int
        var bytes: Int
    }

    private var runs: [Run] = []
    private var kept = [[Int64]](repeating: [], count: keptMax)

    var count: Int { runs.count }

    func find(_ times: UnsafeBufferPointer<Int64>) -> Int? {
        let (first, last) = unsafe (times[0], times[times.count - 1])
        for number in stride(from: runs.count - 1, through: max(0, runs.count - Self.keptMax), by: -1) {
            let run = runs[number]
            guard run.count == times.count, run.first == first, run.last == last else { continue }
            let isEqual = unsafe kept[number % Self.keptMax].withUnsafeBufferPointer {
                unsafe BlockBytes.equal($0, times)
            }
            if isEqual { return number }
        }
        return nil
    }

    mutating func add(_ times: UnsafeBufferPointer<Int64>, bytes: Int) -> Int {
        let number = runs.count
        runs.append(
            unsafe Run(first: times[0], last: times[times.count - 1], count: times.count, bytes: bytes))
        kept[number % Self.keptMax].removeAll(keepingCapacity: true)
        unsafe kept[number % Self.keptMax].append(contentsOf: times)
        return number
    }

    func appendHeader(minMs: Int64, to bytes: inout [UInt8]) {
        for run in runs {
            bytes.appendVarint(UInt64(run.count))
            bytes.appendVarint(UInt64(bitPattern: run.first &- minMs))
            bytes.appendVarint(UInt64(bitPattern: run.last &- run.first))
            bytes.appendVarint(UInt64(run.bytes))
        }
    }

    mutating func removeAll() {
        runs.removeAll(keepingCapacity: true)
    }
}
