package import Model

/// Entries of a scan in columns. The reader owns it and reuses it.
package struct LogBlock: Sendable {
    /// The values of one wanted field: each entry has the number of its value, and many may share one.
    package struct Field: Sendable {
        /// For each entry the number of its value, or `absent`.
        package var codes: [Int32] = []
        package var bytes: [UInt8] = []
        /// Behind each value in `bytes`. Where only numbers were wanted, texts of numbers are left empty.
        package var ends: [Int] = []
        /// For each value what it is as a number, where numbers were wanted; nil is none.
        package var numbers: [Double?] = []

        @inlinable package static var absent: Int32 { -1 }

        package init() {}

        @inlinable
        package func range(_ code: Int32) -> Range<Int> {
            code < 0 ? 0..<0 : (code == 0 ? 0 : ends[Int(code) - 1])..<ends[Int(code)]
        }

        /// Ends the value whose text was appended to `bytes` and returns its number.
        @inlinable
        @discardableResult
        package mutating func endValue() -> Int32 {
            ends.append(bytes.count)
            return Int32(ends.count - 1)
        }

        package mutating func removeAll() {
            codes.removeAll(keepingCapacity: true)
            bytes.removeAll(keepingCapacity: true)
            ends.removeAll(keepingCapacity: true)
            numbers.removeAll(keepingCapacity: true)
        }
    }

    /// Labels of the streams that occur, each once.
    package var streams: [Labels] = []
    /// For each entry its index in `streams`.
    package var streamOf: [Int] = []
    package var timestampsNs: [Int64] = []
    package var lineBytes: [UInt8] = []
    /// Behind each entry's line in `lineBytes`; empty where lines were not wanted.
    package var lineEnds: [Int] = []
    /// Canonical labels of structured metadata, with `metadataEnds` as for lines.
    package var metadataBytes: [UInt8] = []
    package var metadataEnds: [Int] = []
    /// In the order of the request's `fields`.
    package var fields: [Field] = []
    /// For each entry what kind of line it has; empty where formats were not wanted.
    package var formats: [LogFields.Format] = []
    /// Whether any entry may have metadata; told where formats were wanted.
    package var mayHaveMetadata = false

    package init() {}

    @inlinable package var count: Int { timestampsNs.count }

    package func line(_ entry: Int) -> Range<Int> { Self.range(entry, lineEnds) }
    package func metadata(_ entry: Int) -> Range<Int> { Self.range(entry, metadataEnds) }

    package func value(_ entry: Int, ofField field: Int) -> Range<Int> {
        fields[field].range(fields[field].codes[entry])
    }

    private static func range(_ entry: Int, _ ends: [Int]) -> Range<Int> {
        (entry == 0 ? 0 : ends[entry - 1])..<ends[entry]
    }

    /// - Parameter fields: how many the next entries will have.
    package mutating func removeAll(fields count: Int) {
        streams.removeAll(keepingCapacity: true)
        streamOf.removeAll(keepingCapacity: true)
        timestampsNs.removeAll(keepingCapacity: true)
        lineBytes.removeAll(keepingCapacity: true)
        lineEnds.removeAll(keepingCapacity: true)
        metadataBytes.removeAll(keepingCapacity: true)
        metadataEnds.removeAll(keepingCapacity: true)
        if fields.count != count { fields = [Field](repeating: Field(), count: count) }
        for field in fields.indices { fields[field].removeAll() }
        formats.removeAll(keepingCapacity: true)
        mayHaveMetadata = false
    }
}

/// The entries that a request selected, block by block. What was visible at the call of `scan` is told, and nothing
/// that came later. For one thread at a time.
package protocol LogScan: AnyObject {
    /// Replaces what `block` holds by the next entries; false at the end, with an empty block. With an order, entries
    /// come in it through all blocks; without one each block is a piece of the answer.
    func next(into block: inout LogBlock) throws(StorageError) -> Bool
}
