import Glibc

extension FileSystem {
    /// The whole content, also of files that do not know their size, as under /proc.
    ///
    /// - Parameter limit: the most bytes that are taken; a longer file is an error (EFBIG).
    package func readFile(_ path: String, atMostBytes limit: Int) throws(SystemError) -> [UInt8] {
        var content: [UInt8] = []
        try readFile(path, atMostBytes: limit, into: &content)
        return content
    }

    /// The same into a buffer that the caller keeps: its content is replaced, its memory used again.
    package func readFile(
        _ path: String, atMostBytes limit: Int, into content: inout [UInt8]
    ) throws(SystemError) {
        let file = try File(path, .read, in: self)
        var filled = 0
        content.append(contentsOf: repeatElement(0, count: max(0, 4096 - content.count)))
        while true {
            if filled == content.count {
                content.append(contentsOf: repeatElement(0, count: content.count))
            }
            var span = content.mutableSpan
            let count = try read(file.handle, into: &span, from: filled, at: nil)
            if count == 0 { break }
            filled += count
            guard filled <= limit else { throw SystemError(call: "read", on: path, code: EFBIG) }
        }
        content.removeSubrange(filled...)
    }

    /// Puts a file with this content at `path`, or leaves what is there: written beside as `path.tmp`, synced, renamed
    /// into place, and the directory synced.
    package func replaceFile(_ path: String, with content: Span<UInt8>) throws(SystemError) {
        let temporary = path + ".tmp"
        do {
            if try status(at: temporary) != nil { try removeFile(temporary) }
            let file = try File(temporary, .create, in: self)
            try file.write(content, at: 0)
            try file.sync()
            try rename(temporary, to: path)
        } catch {
            try? removeFile(temporary)  // the first error is the one to report
            throw error
        }
        try syncDirectory(FilePath.parent(of: path))
    }

    /// Makes creations, renames and removals in a directory last.
    package func syncDirectory(_ path: String) throws(SystemError) {
        let directory = try File(path, .directory, in: self)
        try sync(directory.handle, metadata: true)
    }

    /// Makes a directory and those above it that are missing, lastingly.
    package func createDirectories(_ path: String) throws(SystemError) {
        if try status(at: path) != nil { return }
        let parent = FilePath.parent(of: path)
        try createDirectories(parent)
        do {
            try createDirectory(path)
        } catch  where error.exists {
            return
        }
        try syncDirectory(parent)
    }

    /// Removes a file, or a directory with all it holds; links are removed and not followed. Nothing there is no error.
    package func removeTree(_ path: String) throws(SystemError) {
        do {
            try removeFile(path)
        } catch  where error.isMissing {
            return
        } catch  where error.code == EISDIR {
            for name in try list(path) { try removeTree(FilePath.join(path, name)) }
            try removeDirectory(path)
        }
    }

    /// The bytes of all files under a directory, or of the file at `path`.
    package func treeBytes(_ path: String) throws(SystemError) -> Int {
        guard let status = try status(at: path) else { return 0 }
        guard status.kind == .directory else { return status.bytes }
        var sum = 0
        for name in try list(path) { sum += try treeBytes(FilePath.join(path, name)) }
        return sum
    }
}

/// Paths as text.
package enum FilePath {
    /// The directory that holds `path`: `.` for a bare name.
    package static func parent(of path: String) -> String {
        let trimmed = path.utf8.count > 1 && path.hasSuffix("/") ? path.dropLast() : path[...]
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    /// What follows the last slash.
    package static func name(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return path }
        return String(path[path.index(after: slash)...])
    }

    package static func join(_ directory: String, _ name: String) -> String {
        directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
    }
}
