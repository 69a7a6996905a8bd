import Encoding
import Posix

/// Writes the files of a new part beside the live ones. Nothing is live before `PartStore.commit`; a writer that is
/// dropped before removes what it wrote.
package final class PartWriter {
    package let number: UInt64
    let directory: String
    private let system: any FileSystem
    private var files: [PartFile] = []
    private var isFinished = false

    init(number: UInt64, directory: String, in system: any FileSystem) throws(SystemError) {
        self.number = number
        self.directory = directory
        self.system = system
        try system.removeTree(directory)
        try system.createDirectory(directory)
    }

    deinit {
        if !isFinished { try? system.removeTree(directory) }  // what stays is removed at the next start
    }

    /// Begins a file. Several may be written at the same time.
    package func makeFile(_ name: String) throws(PartsError) -> PartFileWriter {
        precondition(name != PartRecord.fileName, "BUG: the file name \(name) is the store's own")
        do throws(SystemError) {
            return PartFileWriter(name: name, try File(FilePath.join(directory, name), .create, in: system))
        } catch {
            throw .cannotWrite(error)
        }
    }

    /// Brings a file to the device and takes it into the part.
    package func finish(_ file: consuming PartFileWriter) throws(PartsError) {
        do throws(SystemError) {
            files.append(try file.finish())
        } catch {
            throw .cannotWrite(error)
        }
    }

    /// The part, ready to be committed.
    package func finish(_ description: PartDescription) -> FinishedPart {
        isFinished = true
        return FinishedPart(
            number: number, directory: directory, description: description, files: files, system: system)
    }
}

/// A file of a new part: appended to through a buffer, its checksum made on the way.
package struct PartFileWriter: ~Copyable {
    private static let bufferBytes = 256 << 10

    private let name: String
    private let file: File
    private var buffer: [UInt8] = []
    private var sum = CRC32C()
    private var written = 0

    init(name: String, _ file: File) {
        self.name = name
        self.file = file
        buffer.reserveCapacity(Self.bufferBytes)
    }

    /// Where the next byte goes.
    package var offset: Int { written + buffer.count }

    package mutating func append(_ bytes: Span<UInt8>) throws(PartsError) {
        do throws(SystemError) {
            if bytes.count >= Self.bufferBytes {
                if !buffer.isEmpty { try flush() }
                try file.write(bytes, at: written)
                sum.add(bytes)
                written += bytes.count
            } else {
                if buffer.count + bytes.count > Self.bufferBytes { try flush() }
                buffer.append(bytes)
            }
        } catch {
            throw .cannotWrite(error)
        }
    }

    private mutating func flush() throws(SystemError) {
        try file.write(buffer.span, at: written)
        var extended = sum
        extended.add(buffer.span)
        sum = extended
        written += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }

    consuming func finish() throws(SystemError) -> PartFile {
        try flush()
        try file.sync()
        return PartFile(name: name, bytes: written, checksum: sum.value)
    }
}

/// A part that is written and on the device, and not live. Dropped without being committed, it is removed.
package final class FinishedPart: Sendable {
    let number: UInt64
    /// Beside the live parts.
    let directory: String
    let description: PartDescription
    let files: [PartFile]
    private let system: any FileSystem

    init(
        number: UInt64, directory: String, description: PartDescription, files: [PartFile], system: any FileSystem
    ) {
        self.number = number
        self.directory = directory
        self.description = description
        self.files = files
        self.system = system
    }

    deinit {
        // After a commit the directory has another name and this finds nothing.
        try? system.removeTree(directory)  // what stays is removed at the next start
    }

    package var bytes: Int { files.reduce(0) { $0 + $1.bytes } }
}
