import Encoding

/// Which parts are live. Parts.docc/Parts.md draws the file.
struct Manifest: Equatable {
    static let fileName = "MANIFEST"
    static let formatVersion: UInt8 = 1
    static let magic: [UInt8] = Array("OBSPART".utf8)

    /// Random, made with the directory; parts carry it, so that what a stranger put there is told apart.
    var store: UInt64
    /// Grows by one with each commit.
    var sequence: UInt64 = 0
    /// For the next part that is begun.
    var nextNumber: UInt64 = 1
    var parts: [PartInfo] = []
    /// Parts that were live and whose files may not be removed yet.
    var retired: [UInt64] = []
    /// The owner's own, kept with the parts in one atomic step: up to which position of the journal they hold what was
    /// written.
    var state: [UInt8] = []
}

/// What a part says of itself, in its file `info`: enough to make the manifest again.
struct PartRecord: Equatable {
    static let fileName = "info"
    static let formatVersion: UInt8 = 1
    static let magic: [UInt8] = Array("OBSINFO".utf8)

    var store: UInt64
    /// Of the commit that made it live.
    var sequence: UInt64
    var info: PartInfo
    /// Numbers of the parts that the same commit removed.
    var replaced: [UInt64]
    /// The owner's state of the same commit.
    var state: [UInt8]
}

/// Why bytes are no manifest or part record.
enum FormatFailure: Error, Equatable, CustomStringConvertible {
    case unknownVersion(UInt8)
    case corrupt(String)

    var description: String {
        switch self {
        case .unknownVersion(let version): "it has format version \(version)"
        case .corrupt(let reason): reason
        }
    }
}

extension Manifest {
    var bytes: [UInt8] {
        var content: [UInt8] = []
        content.appendLittleEndian(store)
        content.appendLittleEndian(sequence)
        content.appendLittleEndian(nextNumber)
        content.appendList(parts) { $0.append(info: $1) }
        content.appendList(retired) { $0.appendLittleEndian($1) }
        content.appendCounted(state)
        return .framed(content, magic: Self.magic, version: Self.formatVersion)
    }

    init(bytes: [UInt8]) throws(FormatFailure) {
        let content = try bytes.unframed(magic: Self.magic, version: Self.formatVersion)
        do throws(DecodeError) {
            var reader = ByteReader(content.span)
            store = try reader.readLittleEndian(UInt64.self)
            sequence = try reader.readLittleEndian(UInt64.self)
            nextNumber = try reader.readLittleEndian(UInt64.self)
            for _ in 0..<(try reader.readLittleEndian(UInt32.self)) { parts.append(try reader.readInfo()) }
            for _ in 0..<(try reader.readLittleEndian(UInt32.self)) {
                retired.append(try reader.readLittleEndian(UInt64.self))
            }
            state = try reader.readCounted()
        } catch {
            throw .corrupt("\(error)")
        }
        for info in parts { try info.checkFileNames() }
    }
}

extension PartInfo {
    /// A manifest may come from elsewhere, as part of a backup: no file of a part lies outside of its directory.
    fileprivate func checkFileNames() throws(FormatFailure) {
        for file in files where file.name.isEmpty || file.name.hasPrefix(".") || file.name.contains("/") {
            throw .corrupt("'\(file.name)' is not the name of a part's file")
        }
    }
}

extension PartRecord {
    var bytes: [UInt8] {
        var content: [UInt8] = []
        content.appendLittleEndian(store)
        content.appendLittleEndian(sequence)
        content.append(info: info)
        content.appendList(replaced) { $0.appendLittleEndian($1) }
        content.appendCounted(state)
        return .framed(content, magic: Self.magic, version: Self.formatVersion)
    }

    init(bytes: [UInt8]) throws(FormatFailure) {
        let content = try bytes.unframed(magic: Self.magic, version: Self.formatVersion)
        do throws(DecodeError) {
            var reader = ByteReader(content.span)
            store = try reader.readLittleEndian(UInt64.self)
            sequence = try reader.readLittleEndian(UInt64.self)
            info = try reader.readInfo()
            replaced = []
            for _ in 0..<(try reader.readLittleEndian(UInt32.self)) {
                replaced.append(try reader.readLittleEndian(UInt64.self))
            }
            state = try reader.readCounted()
        } catch {
            throw .corrupt("\(error)")
        }
        try info.checkFileNames()
    }
}

extension [UInt8] {
    /// Magic, version, checksum, content.
    fileprivate static func framed(_ content: [UInt8], magic: [UInt8], version: UInt8) -> [UInt8] {
        var bytes = magic
        bytes.append(version)
        bytes.appendLittleEndian(checksum(of: content, version: version))
        return bytes + content
    }

    /// Version 1 leaves its own byte out. All others take it in, so that a flipped bit does not pass for a newer obs.
    private static func checksum(of content: [UInt8], version: UInt8) -> UInt32 {
        CRC32C.of((version == 1 ? content : [version] + content).span)
    }

    fileprivate func unframed(magic: [UInt8], version: UInt8) throws(FormatFailure) -> [UInt8] {
        let headerBytes = magic.count + 5
        guard count >= headerBytes else { throw .corrupt("it has only \(count) bytes") }
        guard starts(with: magic) else { throw .corrupt("it does not begin as it should") }
        let content = Array(self[headerBytes...])
        var checksum: [UInt8] = []
        checksum.appendLittleEndian(Self.checksum(of: content, version: self[magic.count]))
        guard self[magic.count + 1..<headerBytes].elementsEqual(checksum) else {
            throw .corrupt("its checksum does not match")
        }
        guard self[magic.count] == version else { throw .unknownVersion(self[magic.count]) }
        return content
    }

    fileprivate mutating func appendList<Entry>(_ list: [Entry], _ body: (inout [UInt8], Entry) -> Void) {
        appendLittleEndian(UInt32(list.count))
        for element in list { body(&self, element) }
    }

    fileprivate mutating func appendCounted(_ bytes: [UInt8]) {
        appendLittleEndian(UInt32(bytes.count))
        append(contentsOf: bytes)
    }

    fileprivate mutating func append(info: PartInfo) {
        appendLittleEndian(info.number)
        appendLittleEndian(info.partition)
        appendLittleEndian(info.minTimeMs)
        appendLittleEndian(info.maxTimeMs)
        appendLittleEndian(UInt64(info.rows))
        append(UInt8(info.level))
        appendLittleEndian(info.createdMs)
        appendList(info.files) { bytes, file in
            bytes.appendCounted(Array(file.name.utf8))
            bytes.appendLittleEndian(UInt64(file.bytes))
            bytes.appendLittleEndian(file.checksum)
        }
    }
}

extension ByteReader {
    @_lifetime(self: copy self)
    fileprivate mutating func readCounted() throws(DecodeError) -> [UInt8] {
        let count = Int(try readLittleEndian(UInt32.self))
        var bytes: [UInt8] = []
        bytes.append(try readBytes(count))
        return bytes
    }

    @_lifetime(self: copy self)
    fileprivate mutating func readInfo() throws(DecodeError) -> PartInfo {
        let number = try readLittleEndian(UInt64.self)
        let partition = try readLittleEndian(Int64.self)
        let minTimeMs = try readLittleEndian(Int64.self)
        let maxTimeMs = try readLittleEndian(Int64.self)
        let rows = Int(truncatingIfNeeded: try readLittleEndian(UInt64.self))
        let level = Int(try readByte())
        let createdMs = try readLittleEndian(Int64.self)
        var files: [PartFile] = []
        for _ in 0..<(try readLittleEndian(UInt32.self)) {
            let name = String(decoding: try readCounted(), as: UTF8.self)
            let bytes = Int(truncatingIfNeeded: try readLittleEndian(UInt64.self))
            files.append(PartFile(name: name, bytes: bytes, checksum: try readLittleEndian(UInt32.self)))
        }
        return PartInfo(
            number: number, partition: partition, minTimeMs: minTimeMs, maxTimeMs: maxTimeMs, rows: rows,
            level: level, createdMs: createdMs, files: files)
    }
}
