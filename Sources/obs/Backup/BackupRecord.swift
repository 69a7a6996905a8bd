import Encoding
import Posix

/// What a backup says of itself, in the file `backup.json` of its folder. It is written last: while a backup is being
/// made it says that it is not finished.
struct BackupRecord: Equatable, Sendable {
    /// A file that no manifest of parts vouches for.
    struct File: Equatable, Sendable {
        /// Under the folder.
        var path: String
        var bytes: Int
        /// CRC32C of all of it.
        var checksum: UInt32
    }

    static let fileName = "backup.json"
    static let formatVersion = 1
    private static let bytesMax = 64 << 20

    /// Of the obs that made it.
    var version: String
    var hostname: String
    /// Everything that was acknowledged before this moment is in the backup.
    var startedMs: Int64
    /// Nil while it is being made.
    var finishedMs: Int64?
    var files: [File] = []

    var json: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("format", Self.formatVersion)
        json.member("obsVersion", version)
        json.member("hostname", hostname)
        json.member("startedMs", Int(startedMs))
        if let finishedMs { json.member("finishedMs", Int(finishedMs)) }
        json.name("files")
        json.beginArray()
        for file in files {
            json.beginObject()
            json.member("path", file.path)
            json.member("bytes", file.bytes)
            json.member("crc32c", Int(file.checksum))
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }

    init(version: String, hostname: String, startedMs: Int64) {
        (self.version, self.hostname, self.startedMs) = (version, hostname, startedMs)
    }

    /// Nil where the folder has no such file.
    init?(in folder: String, _ system: any FileSystem) throws(BackupFailure) {
        let path = FilePath.join(folder, Self.fileName)
        let bytes: [UInt8]
        do throws(SystemError) {
            guard try system.status(at: path) != nil else { return nil }
            bytes = try system.readFile(path, atMostBytes: Self.bytesMax)
        } catch {
            throw BackupFailure("\(error)")
        }
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue.parse(bytes.span)
        } catch {
            throw BackupFailure("\(path) is damaged: \(error)")
        }
        guard let format = json["format"]?.int, let version = json["obsVersion"]?.text,
            let hostname = json["hostname"]?.text, let startedMs = json["startedMs"]?.int,
            let files = json["files"]?.elements?.map(Self.file), !files.contains(nil)
        else { throw BackupFailure("\(path) is damaged: it is not the record of a backup") }
        guard format == Self.formatVersion else {
            throw BackupFailure("\(path) has format \(format), which this obs does not know: use version \(version)")
        }
        (self.version, self.hostname, self.startedMs) = (version, hostname, Int64(startedMs))
        finishedMs = json["finishedMs"]?.int.map(Int64.init)
        self.files = files.compactMap(\.self)
    }

    private static func file(_ json: JSONValue) -> File? {
        guard let path = json["path"]?.text, !path.hasPrefix("/"), !path.split(separator: "/").contains(".."),
            let bytes = json["bytes"]?.int, let checksum = json["crc32c"]?.int.flatMap(UInt32.init(exactly:))
        else { return nil }
        return File(path: path, bytes: bytes, checksum: checksum)
    }

    /// Size and checksum of a file as it is now.
    static func measure(_ path: String, in folder: String, _ system: any FileSystem) throws(SystemError) -> File {
        let opened = try Posix.File(FilePath.join(folder, path), .read, in: system)
        var file = File(path: path, bytes: 0, checksum: 0)
        var sum = CRC32C()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            var span = buffer.mutableSpan
            let count = try opened.read(into: &span, at: file.bytes)
            if count == 0 { break }
            sum.add(buffer.span.extracting(first: count))
            file.bytes += count
        }
        file.checksum = sum.value
        return file
    }
}

/// Why a backup cannot be made, read or restored.
struct BackupFailure: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
