/// The seam under everything that touches files: one method for one system call, so that tests can make any single call
/// fail, tear or come up short. `LocalFileSystem` asks the kernel; `File` and the extensions of this protocol finish short
/// transfers and build the safe sequences that the stores use.
package protocol FileSystem: Sendable {
    func open(_ path: String, _ access: FileAccess) throws(SystemError) -> OpenFile
    func close(_ file: OpenFile)

    /// Reads into `buffer` from `index` on, at `offset` of the file or where the last read ended if nil (pipes, /proc).
    ///
    /// - Returns: how many bytes came, which may be fewer than fit; 0 at the end of the file.
    func read(
        _ file: OpenFile, into buffer: inout MutableSpan<UInt8>, from index: Int, at offset: Int?
    ) throws(SystemError) -> Int
    /// - Returns: how many bytes were written, which may be fewer than there are.
    func write(_ file: OpenFile, _ bytes: Span<UInt8>, at offset: Int) throws(SystemError) -> Int
    /// Writes both one after the other in a single call: at the end of a file opened to append.
    ///
    /// - Returns: how many bytes of both together were written, which may be fewer than there are.
    func append(_ file: OpenFile, _ first: Span<UInt8>, _ second: Span<UInt8>) throws(SystemError) -> Int
    /// Returns when the content is on the device. Without `metadata`, times and permissions may come later; the size
    /// never does.
    func sync(_ file: OpenFile, metadata: Bool) throws(SystemError)
    func truncate(_ file: OpenFile, toBytes bytes: Int) throws(SystemError)
    /// Reserves blocks for the first `bytes` bytes without changing the size of the file.
    func allocate(_ file: OpenFile, bytes: Int) throws(SystemError)
    /// Maps the first `bytes` bytes for reading.
    func map(_ file: OpenFile, bytes: Int) throws(SystemError) -> MappedFile
    /// Takes the advisory lock of the file, which ends with the descriptor.
    ///
    /// - Returns: false if another descriptor, of this process or another, holds it.
    func lock(_ file: OpenFile) throws(SystemError) -> Bool
    func status(_ file: OpenFile) throws(SystemError) -> FileStatus

    /// Follows symbolic links.
    ///
    /// - Returns: nil if nothing is there.
    func status(at path: String) throws(SystemError) -> FileStatus?
    /// The names in a directory without `.` and `..`, sorted.
    func list(_ directory: String) throws(SystemError) -> [String]
    func createDirectory(_ path: String) throws(SystemError)
    func removeFile(_ path: String) throws(SystemError)
    func removeDirectory(_ path: String) throws(SystemError)
    /// Atomically gives `path` another name, replacing what had it.
    func rename(_ path: String, to newPath: String) throws(SystemError)
    /// Gives the file at `path` a second name, which must be free.
    func link(_ path: String, to newPath: String) throws(SystemError)
    /// The room on the device that holds `path`.
    func space(at path: String) throws(SystemError) -> DiskSpace
}

/// An open file as the calls of a `FileSystem` take it. It does not own the descriptor: `File` does.
package struct OpenFile: Sendable {
    package let descriptor: Int32
    /// The path that it was opened by, for errors.
    package let path: String

    package init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }
}

/// What a file is opened for. New files get permissions 0640, new directories 0750, less the umask.
package enum FileAccess: Sendable {
    case read
    /// Reading, and writing at the end; made if missing.
    case append
    /// Reading and writing anywhere; made if missing.
    case readWrite
    /// Reading and writing a new file; an error if the path is taken.
    case create
    /// The same for writing at the end, also after the file was truncated.
    case createToAppend
    /// A directory, to sync it.
    case directory
}

package struct FileStatus: Sendable, Equatable {
    package enum Kind: Sendable {
        case file, directory, other
    }

    package let kind: Kind
    package let bytes: Int
    /// Blocks taken on the device, which is less than `bytes` for a sparse file.
    package let bytesAllocated: Int
    /// Time of the last change of the content, in nanoseconds since 1970.
    package let modifiedNs: Int64
    /// Identifies the file on this machine together with `device`, through renames.
    package let inode: UInt64
    package let device: UInt64
    package let links: Int
}

package struct DiskSpace: Sendable, Equatable {
    package let totalBytes: Int
    /// What an unprivileged process can still write.
    package let freeBytes: Int

    package init(totalBytes: Int, freeBytes: Int) {
        self.totalBytes = totalBytes
        self.freeBytes = freeBytes
    }
}
