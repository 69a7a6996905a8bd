import Encoding

/// The parts of a label segment, in the order in which they lie. LabelIndex.docc/Segments.md draws them.
enum LabelSegmentFormat {
    static let magic: [UInt8] = Array("OBSLIDX".utf8)
    static let version: UInt8 = 1
    /// Magic, version, counts of names, pairs and series, and the end of each section.
    static let headerBytes = 8 + 3 * 4 + 4 + Section.allCases.count * 8 + 8
    /// A segment of more series is never made: what is built in memory stays bounded.
    static let seriesMax = 1 << 21

    enum Section: Int, CaseIterable {
        case nameOffsets, names, firstPairs, valueOffsets, values, seriesIDs, hashes, hashOrdinals
        case recordOffsets, records, postingOffsets, postings
    }
}

/// Writes a segment: all pairs by name and value first, then all series by id.
struct LabelSegmentWriter: ~Copyable {
    private var names = ByteStrings()
    private var firstPairs: [UInt32] = []
    private var values = ByteStrings()

    private var ids: [UInt64] = []
    private var hashes: [UInt32] = []
    private var records: [UInt8] = []
    private var recordOffsets: [UInt32] = [0]
    private var lastPair: UInt32 = 0
    private var pairCounts: [UInt32] = []

    /// Adds the pair that comes after all before it, and returns its number.
    mutating func addPair(_ name: Span<UInt8>, _ value: Span<UInt8>) -> UInt32 {
        if names.count == 0 || ByteOrder.compare(names[names.count - 1], name) != 0 {
            firstPairs.append(UInt32(values.count))
            names.append(name)
        }
        values.append(value)
        pairCounts.append(0)
        return UInt32(values.count - 1)
    }

    /// - Parameter id: greater than that of the series before.
    mutating func beginSeries(id: UInt64, hash: UInt32) {
        closeSeries()
        precondition(ids.last.map { $0 < id } ?? true, "BUG: series \(id) comes out of order")
        ids.append(id)
        hashes.append(hash)
        lastPair = 0
    }

    /// Adds a pair to the series begun last, in order of the pairs.
    mutating func addPair(_ pair: UInt32) {
        records.appendVarint(UInt64(pair - lastPair))
        lastPair = pair
        pairCounts[Int(pair)] += 1
    }

    private mutating func closeSeries() {
        if !ids.isEmpty { recordOffsets.append(UInt32(records.count)) }
    }

    consuming func finish() -> [UInt8] {
        closeSeries()
        firstPairs.append(UInt32(values.count))
        let byHash = hashes.indices.sorted { hashes[$0] < hashes[$1] }
        var output = Output(names: names.count, pairs: values.count, series: ids.count)
        output.add(.nameOffsets, names.offsets)
        output.add(.names, names.bytes)
        output.add(.firstPairs, firstPairs)
        output.add(.valueOffsets, values.offsets)
        output.add(.values, values.bytes)
        output.add(.seriesIDs, ids)
        output.add(.hashes, byHash.map { hashes[$0] })
        output.add(.hashOrdinals, byHash.map { UInt32($0) })
        output.add(.recordOffsets, recordOffsets)
        output.add(.records, records)
        let postings = encodedPostings()
        output.add(.postingOffsets, postings.offsets)
        output.add(.postings, postings.bytes)
        return output.finish()
    }

    /// Sorts the series of all pairs at once: the records say which pairs a series has.
    private func encodedPostings() -> (offsets: [UInt32], bytes: [UInt8]) {
        var starts: [Int] = [0]
        starts.reserveCapacity(pairCounts.count + 1)
        for count in pairCounts { starts.append(starts[starts.count - 1] + Int(count)) }
        var ordinals = [UInt32](repeating: 0, count: starts[starts.count - 1])
        var next = starts
        for ordinal in ids.indices {
            var reader = ByteReader(
                records.span.extracting(Int(recordOffsets[ordinal])..<Int(recordOffsets[ordinal + 1])))
            var pair = 0
            while !reader.isAtEnd {
                guard let distance = try? reader.readVarint() else {  // the writer wrote these bytes itself
                    preconditionFailure("BUG: a record cannot be read back")
                }
                pair += Int(distance)
                ordinals[next[pair]] = UInt32(ordinal)
                next[pair] += 1
            }
        }
        var bytes: [UInt8] = []
        var offsets: [UInt32] = [0]
        for pair in pairCounts.indices {
            PostingSet.encode(ordinals.span.extracting(starts[pair]..<starts[pair + 1]), appendingTo: &bytes)
            offsets.append(UInt32(bytes.count))
        }
        return (offsets, bytes)
    }
}

extension LabelSegmentWriter {
    /// Lays the sections one behind the other, each at a multiple of eight.
    private struct Output {
        private var bytes: [UInt8]
        private var ends: [UInt64] = []

        init(names: Int, pairs: Int, series: Int) {
            bytes = LabelSegmentFormat.magic
            bytes.append(LabelSegmentFormat.version)
            for count in [names, pairs, series, 0] { bytes.appendLittleEndian(UInt32(count)) }
            bytes.append(contentsOf: repeatElement(0, count: LabelSegmentFormat.headerBytes - bytes.count))
        }

        mutating func add<T: FixedWidthInteger & BitwiseCopyable>(
            _ section: LabelSegmentFormat.Section, _ values: [T]
        ) {
            precondition(section.rawValue == ends.count, "BUG: section \(section) comes out of order")
            bytes.reserveCapacity(bytes.count + values.count * MemoryLayout<T>.size + 8)
            for value in values { bytes.appendLittleEndian(value) }
            ends.append(UInt64(bytes.count))
            while bytes.count % 8 != 0 { bytes.append(0) }
        }

        consuming func finish() -> [UInt8] {
            var at = 8 + 4 * 4
            for end in ends {
                bytes.replaceLittleEndian(at: at, with: end)
                at += 8
            }
            let body = CRC32C.of(bytes.span.extracting(LabelSegmentFormat.headerBytes...))
            bytes.replaceLittleEndian(at: at, with: body)
            bytes.replaceLittleEndian(at: at + 4, with: CRC32C.of(bytes.span.extracting(..<(at + 4))))
            return bytes
        }
    }
}
