import CLinux
import Glibc

/// The files of this machine. Calls that a signal interrupted are repeated.
package struct LocalFileSystem: FileSystem {
    package init() {}

    package func open(_ path: String, _ access: FileAccess) throws(SystemError) -> OpenFile {
        let flags =
            switch access {
            case .read: O_RDONLY
            case .append: O_RDWR | O_CREAT | O_APPEND
            case .readWrite: O_RDWR | O_CREAT
            case .create: O_RDWR | O_CREAT | O_EXCL
            case .createToAppend: O_RDWR | O_CREAT | O_EXCL | O_APPEND
            case .directory: O_RDONLY | O_DIRECTORY
            }
        let descriptor = try Self.call("open", path) { unsafe Glibc.open(path, flags | O_CLOEXEC, 0o640) }
        return OpenFile(descriptor: descriptor, path: path)
    }

    package func close(_ file: OpenFile) {
        // The descriptor is gone whatever close answers, and what matters was synced before.
        _ = Glibc.close(file.descriptor)
    }

    package func read(
        _ file: OpenFile, into buffer: inout MutableSpan<UInt8>, from index: Int, at offset: Int?
    ) throws(SystemError) -> Int {
        precondition(index >= 0 && index <= buffer.count, "BUG: reading past the end of the buffer")
        return try unsafe buffer.withUnsafeMutableBufferPointer { buffer throws(SystemError) -> Int in
            guard let base = buffer.baseAddress else { return 0 }
            let room = buffer.count - index
            return try Self.call("read", file.path) {
                if let offset { return unsafe pread(file.descriptor, base + index, room, offset) }
                return unsafe Glibc.read(file.descriptor, base + index, room)
            }
        }
    }

    package func write(_ file: OpenFile, _ bytes: Span<UInt8>, at offset: Int) throws(SystemError) -> Int {
        try unsafe bytes.withUnsafeBufferPointer { bytes throws(SystemError) -> Int in
            guard let base = bytes.baseAddress else { return 0 }
            return try Self.call("write", file.path) {
                unsafe pwrite(file.descriptor, base, bytes.count, offset)
            }
        }
    }

    package func append(
        _ file: OpenFile, _ first: Span<UInt8>, _ second: Span<UInt8>
    ) throws(SystemError) -> Int {
        try unsafe first.withUnsafeBufferPointer { first throws(SystemError) -> Int in
            try unsafe second.withUnsafeBufferPointer { second throws(SystemError) -> Int in
                try unsafe Self.writeBoth(file, UnsafeRawBufferPointer(first), UnsafeRawBufferPointer(second))
            }
        }
    }

    private static func writeBoth(
        _ file: OpenFile, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) throws(SystemError) -> Int {
        try unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { parts throws(SystemError) -> Int in
            unsafe parts.initializeElement(at: 0, to: vector(first))
            unsafe parts.initializeElement(at: 1, to: vector(second))
            return try call("write", file.path) { unsafe writev(file.descriptor, parts.baseAddress, 2) }
        }
    }

    private static func vector(_ bytes: UnsafeRawBufferPointer) -> iovec {
        unsafe iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
    }

    package func sync(_ file: OpenFile, metadata: Bool) throws(SystemError) {
        _ = try Self.call("fsync", file.path) { metadata ? fsync(file.descriptor) : fdatasync(file.descriptor) }
    }

    package func truncate(_ file: OpenFile, toBytes bytes: Int) throws(SystemError) {
        _ = try Self.call("truncate", file.path) { ftruncate(file.descriptor, bytes) }
    }

    package func allocate(_ file: OpenFile, bytes: Int) throws(SystemError) {
        let keepSize: Int32 = 1  // FALLOC_FL_KEEP_SIZE
        _ = try Self.call("allocate", file.path) { clinux_fallocate(file.descriptor, keepSize, 0, Int64(bytes)) }
    }

    package func map(_ file: OpenFile, bytes: Int) throws(SystemError) -> MappedFile {
        try MappedFile(file, bytes: bytes)
    }

    package func lock(_ file: OpenFile) throws(SystemError) -> Bool {
        do {
            _ = try Self.call("lock", file.path) { flock(file.descriptor, LOCK_EX | LOCK_NB) }
            return true
        } catch  where error.code == EWOULDBLOCK {
            return false
        }
    }

    package func status(_ file: OpenFile) throws(SystemError) -> FileStatus {
        var status = stat()
        _ = try Self.call("stat", file.path) { unsafe fstat(file.descriptor, &status) }
        return FileStatus(status)
    }

    package func status(at path: String) throws(SystemError) -> FileStatus? {
        var status = stat()
        do {
            _ = try Self.call("stat", path) { unsafe stat(path, &status) }
            return FileStatus(status)
        } catch  where error.isMissing {
            return nil
        }
    }

    package func list(_ directory: String) throws(SystemError) -> [String] {
        guard let stream = unsafe opendir(directory) else { throw SystemError(call: "list", on: directory) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else { break }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw SystemError(call: "list", on: directory) }
        return names.sorted()
    }

    package func createDirectory(_ path: String) throws(SystemError) {
        _ = try Self.call("mkdir", path) { unsafe mkdir(path, 0o750) }
    }

    package func removeFile(_ path: String) throws(SystemError) {
        _ = try Self.call("unlink", path) { unsafe unlink(path) }
    }

    package func removeDirectory(_ path: String) throws(SystemError) {
        _ = try Self.call("rmdir", path) { unsafe rmdir(path) }
    }

    package func rename(_ path: String, to newPath: String) throws(SystemError) {
        _ = try Self.call("rename", path) { unsafe Glibc.rename(path, newPath) }
    }

    package func link(_ path: String, to newPath: String) throws(SystemError) {
        _ = try Self.call("link", path) { unsafe Glibc.link(path, newPath) }
    }

    package func space(at path: String) throws(SystemError) -> DiskSpace {
        var space = statvfs()
        _ = try Self.call("statvfs", path) { unsafe statvfs(path, &space) }
        let block = Int(space.f_frsize)
        return DiskSpace(totalBytes: Int(space.f_blocks) * block, freeBytes: Int(space.f_bavail) * block)
    }

    /// Repeats a call that a signal interrupted, and turns -1 into an error.
    private static func call<Result: FixedWidthInteger>(
        _ name: String, _ path: String, _ body: () -> Result
    ) throws(SystemError) -> Result {
        while true {
            let result = body()
            if result >= 0 { return result }
            if errno != EINTR { throw SystemError(call: name, on: path) }
        }
    }
}

extension FileStatus {
    fileprivate init(_ status: stat) {
        switch status.st_mode & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .directory
        default: kind = .other
        }
        bytes = Int(status.st_size)
        bytesAllocated = Int(status.st_blocks) * 512
        modifiedNs = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        inode = UInt64(status.st_ino)
        device = UInt64(status.st_dev)
        links = Int(status.st_nlink)
    }
}
