import Glibc

/// Links as the kernel keeps them.
package enum SymbolicLink {
    /// What the link at `path` says, without following it further; nil where nothing is there or it is no link.
    package static func target(of path: String) -> String? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
            let count = unsafe readlink(path, buffer.baseAddress!, buffer.count)
            guard count >= 0 else { return nil }
            let bytes = unsafe UnsafeRawBufferPointer(start: buffer.baseAddress, count: count)
            return unsafe String(decoding: bytes, as: UTF8.self)
        }
    }

    /// The path with every link in it followed; nil where it leads nowhere.
    package static func resolved(_ path: String) -> String? {
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }
}
