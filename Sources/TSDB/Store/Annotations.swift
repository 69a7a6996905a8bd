import Encoding
import Journal
import Model
import Storage

/// Exemplars and metadata: little beside the samples, kept in memory within bounds, in the log, and in one file that is
/// written with each flush that finds them changed.
struct Annotations: ~Copyable {
    private let exemplarsMax: Int
    private let metadataMax: Int
    private var appender: JournalAppender
    private(set) var metadata: [String: MetricMetadata] = [:]
    /// A ring: the oldest exemplar is at `oldest` once it is full.
    private(set) var exemplars: [StoredExemplar] = []
    private var oldest = 0
    private(set) var isChanged = false

    struct StoredExemplar {
        var series: Labels
        var exemplar: SeriesExemplars.Exemplar
    }

    private static let version: UInt8 = 1

    init(_ options: StoreOptions, _ saved: [UInt8], appender: consuming JournalAppender) {
        exemplarsMax = options.exemplarsMax
        metadataMax = options.metadataMax
        self.appender = appender
        load(saved)
    }

    /// Takes what of `exemplars` and `metadata` is new, first into the log. Returns how many exemplars were taken.
    mutating func append(_ exemplars: [StoredExemplar], _ metadata: [MetricMetadata]) throws(JournalError) -> Int {
        let changed = metadata.filter { self.metadata[$0.family] != $0 && mayHold($0.family) }
        if !changed.isEmpty {
            let bytes = Self.bytes(of: changed)
            _ = try appender.append(type: RecordType.metadata, bytes.span)
            for entry in changed { self.metadata[entry.family] = entry }
            isChanged = true
        }
        if !exemplars.isEmpty {
            let bytes = Self.bytes(of: exemplars)
            _ = try appender.append(type: RecordType.exemplars, bytes.span)
            for exemplar in exemplars { add(exemplar) }
            isChanged = true
        }
        return exemplars.count
    }

    private func mayHold(_ family: String) -> Bool { metadata.count < metadataMax || metadata[family] != nil }

    private mutating func add(_ exemplar: StoredExemplar) {
        guard exemplarsMax > 0 else { return }
        if exemplars.count < exemplarsMax {
            exemplars.append(exemplar)
        } else {
            exemplars[oldest] = exemplar
            oldest = (oldest + 1) % exemplarsMax
        }
    }

    /// What a record of exemplars holds.
    static func readExemplars(_ payload: Span<UInt8>) throws -> [StoredExemplar] {
        var reader = ByteReader(payload)
        var exemplars: [StoredExemplar] = []
        while !reader.isAtEnd { exemplars.append(try readExemplar(&reader)) }
        return exemplars
    }

    mutating func restore(_ type: UInt8, _ payload: Span<UInt8>) throws {
        var reader = ByteReader(payload)
        isChanged = true
        if type == RecordType.metadata {
            while !reader.isAtEnd { restore(try Self.readMetadata(&reader)) }
        } else {
            while !reader.isAtEnd { add(try Self.readExemplar(&reader)) }
        }
    }

    private mutating func restore(_ entry: MetricMetadata) {
        if mayHold(entry.family) { metadata[entry.family] = entry }
    }

    // MARK: the file

    /// The content of the file, if there is something new to write.
    mutating func takeChanges() -> [UInt8]? {
        guard isChanged else { return nil }
        isChanged = false
        var bytes = [Self.version]
        let metadata = Self.bytes(of: self.metadata.values.sorted { $0.family < $1.family })
        bytes.appendVarint(UInt64(metadata.count))
        bytes += metadata
        bytes += Self.bytes(of: Array(exemplars[oldest...] + exemplars[..<oldest]))
        bytes.appendLittleEndian(CRC32C.of(bytes.span))
        return bytes
    }

    /// The file could not be written; it is tried again with the next flush.
    mutating func markChanged() { isChanged = true }

    private mutating func load(_ saved: [UInt8]) {
        guard saved.count > 4, saved[0] == Self.version else { return }
        let body = saved.span.extracting(..<(saved.count - 4))
        let sum = saved.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard CRC32C.of(body) == sum else { return }
        var reader = ByteReader(body)
        do {
            try reader.skip(1)
            var metadata = try reader.readSlice(Int(clamping: reader.readVarint()))
            while !metadata.isAtEnd { restore(try Self.readMetadata(&metadata)) }
            while !reader.isAtEnd { add(try Self.readExemplar(&reader)) }
        } catch {
            preconditionFailure("BUG: annotations with a right checksum cannot be read: \(error)")
        }
    }
}

extension Annotations {
    private static func bytes(of metadata: [MetricMetadata]) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in metadata {
            for text in [entry.family, entry.kind.rawValue, entry.help, entry.unit] { append(text, to: &bytes) }
        }
        return bytes
    }

    private static func bytes(of exemplars: [StoredExemplar]) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in exemplars {
            for labels in [entry.series, entry.exemplar.labels] {
                bytes.appendVarint(UInt64(labels.bytes.count))
                bytes += labels.bytes
            }
            bytes.appendZigZag(entry.exemplar.timestampMs)
            bytes.appendLittleEndian(entry.exemplar.value.bitPattern)
        }
        return bytes
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.appendVarint(UInt64(text.utf8.count))
        bytes += text.utf8
    }

    private static func readMetadata(_ reader: inout ByteReader) throws -> MetricMetadata {
        func text() throws -> String { String(decoding: try readBytes(&reader), as: UTF8.self) }
        let (family, kind, help, unit) = (try text(), try text(), try text(), try text())
        return MetricMetadata(
            family: family, kind: MetricMetadata.Kind(rawValue: kind) ?? .unknown, help: help, unit: unit)
    }

    private static func readExemplar(_ reader: inout ByteReader) throws -> StoredExemplar {
        let series = Labels(canonical: try readBytes(&reader))
        let labels = Labels(canonical: try readBytes(&reader))
        let timestampMs = try reader.readZigZag()
        let value = Double(bitPattern: try reader.readLittleEndian(UInt64.self))
        return StoredExemplar(
            series: series, exemplar: SeriesExemplars.Exemplar(labels: labels, value: value, timestampMs: timestampMs))
    }

    private static func readBytes(_ reader: inout ByteReader) throws -> [UInt8] {
        let bytes = try reader.readBytes(Int(clamping: reader.readVarint()))
        return bytes.indices.map { bytes[$0] }
    }
}
