import Encoding
package import Posix

/// The files of a part, as its owner opens them.
package struct PartFiles: Sendable {
    package let info: PartInfo
    package let directory: String
    let system: any FileSystem

    init(_ info: PartInfo, in directory: String, _ system: any FileSystem) {
        self.info = info
        self.directory = directory
        self.system = system
    }

    /// Maps a file and holds its size against what was written.
    ///
    /// - Parameter verifying: whether to read all of it and hold its checksum too. Say so for small files that are read
    ///   anyway; for large ones the owner checks block by block, and `verify` all.
    package func map(_ name: String, verifying: Bool = false) throws(PartDamage) -> MappedFile {
        guard let expected = info.files.first(where: { $0.name == name }) else {
            throw .corrupt(file: name, reason: "the part has no such file")
        }
        let mapping: MappedFile
        do throws(SystemError) {
            mapping = try File(FilePath.join(directory, name), .read, in: system).map()
        } catch {
            guard error.isMissing else { throw .unavailable(error) }
            throw .corrupt(file: name, reason: "it is missing")
        }
        guard mapping.count == expected.bytes else {
            throw .corrupt(file: name, reason: "it has \(mapping.count) bytes instead of \(expected.bytes)")
        }
        guard !verifying || CRC32C.of(mapping.bytes) == expected.checksum else {
            throw .corrupt(file: name, reason: "its checksum does not match")
        }
        return mapping
    }

    /// Reads all files and holds their checksums. Not through mappings, which would end the process on a device error.
    package func verify() throws(PartDamage) {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        for file in info.files {
            var sum = CRC32C()
            var bytes = 0
            do throws(SystemError) {
                let opened = try File(FilePath.join(directory, file.name), .read, in: system)
                while true {
                    var span = buffer.mutableSpan
                    let count = try opened.read(into: &span, at: bytes)
                    if count == 0 { break }
                    sum.add(buffer.span.extracting(first: count))
                    bytes += count
                }
            } catch {
                guard error.isMissing else { throw .unavailable(error) }
                throw .corrupt(file: file.name, reason: "it is missing")
            }
            guard bytes == file.bytes else {
                throw .corrupt(file: file.name, reason: "it has \(bytes) bytes instead of \(file.bytes)")
            }
            guard sum.value == file.checksum else {
                throw .corrupt(file: file.name, reason: "its checksum does not match")
            }
        }
    }

    /// Holds presence and sizes only.
    func checkSizes() throws(PartDamage) {
        for file in info.files {
            let status: FileStatus?
            do throws(SystemError) {
                status = try system.status(at: FilePath.join(directory, file.name))
            } catch {
                throw .unavailable(error)
            }
            guard let status else { throw .corrupt(file: file.name, reason: "it is missing") }
            guard status.bytes == file.bytes else {
                throw .corrupt(file: file.name, reason: "it has \(status.bytes) bytes instead of \(file.bytes)")
            }
        }
    }
}
