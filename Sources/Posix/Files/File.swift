import Glibc

/// An open file, closed with its last reference. Transfers are whole: what the kernel takes or gives in pieces is
/// continued. Offsets and sizes are bytes.
package final class File: Sendable {
    package let system: any FileSystem
    package let handle: OpenFile
    package var path: String { handle.path }

    package init(_ path: String, _ access: FileAccess, in system: any FileSystem) throws(SystemError) {
        self.system = system
        handle = try system.open(path, access)
    }

    deinit {
        system.close(handle)
    }

    /// Fills `buffer` from `offset` on as far as the file goes.
    ///
    /// - Returns: how many bytes were read; fewer than fit only at the end of the file.
    package func read(into buffer: inout MutableSpan<UInt8>, at offset: Int) throws(SystemError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let count = try system.read(handle, into: &buffer, from: filled, at: offset + filled)
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    package func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let count = try system.write(handle, bytes.extracting(written...), at: offset + written)
            guard count > 0 else { throw SystemError(call: "write", on: path, code: EIO) }
            written += count
        }
    }

    /// Writes at the end of a file that was opened to append. After an error any part of it may have been written.
    package func append(_ bytes: Span<UInt8>) throws(SystemError) {
        try append(bytes, Span())
    }

    /// Writes both, one after the other, in one call unless the kernel takes less.
    package func append(_ first: Span<UInt8>, _ second: Span<UInt8>) throws(SystemError) {
        let total = first.count + second.count
        var written = 0
        while written < total {
            let rest = first.extracting(min(written, first.count)...)
            let restOfSecond = second.extracting(max(0, written - first.count)...)
            let count = try system.append(handle, rest, restOfSecond)
            guard count > 0 else { throw SystemError(call: "write", on: path, code: EIO) }
            written += count
        }
    }

    /// Returns when content and size are on the device.
    package func sync() throws(SystemError) {
        try system.sync(handle, metadata: false)
    }

    package func truncate(toBytes bytes: Int) throws(SystemError) {
        try system.truncate(handle, toBytes: bytes)
    }

    /// Reserves room on the device for the first `bytes` bytes, so that writing them later cannot fail for want of it.
    package func allocate(bytes: Int) throws(SystemError) {
        try system.allocate(handle, bytes: bytes)
    }

    package func status() throws(SystemError) -> FileStatus {
        try system.status(handle)
    }

    /// Maps the whole file as it is now for reading. The mapping outlives this object.
    package func map() throws(SystemError) -> MappedFile {
        try system.map(handle, bytes: try status().bytes)
    }
}
