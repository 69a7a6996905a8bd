import Glibc

/// Files brought to another place.
package enum FileCopy {
    /// Links a file that nobody changes any more, or copies it where the place is on another device or knows no links.
    ///
    /// - Returns: how many bytes were copied.
    package static func linkOrCopy(
        _ source: String, to target: String, in system: any FileSystem
    ) throws(SystemError) -> Int {
        do throws(SystemError) {
            try system.link(source, to: target)
            return 0
        } catch {
            guard [EXDEV, EPERM, EMLINK, EOPNOTSUPP, ENOSYS].contains(error.code) else { throw error }
        }
        return try copy(source, to: target, in: system)
    }

    /// Copies a file to one that is not there yet, lastingly.
    ///
    /// - Returns: its bytes.
    package static func copy(_ source: String, to target: String, in system: any FileSystem) throws(SystemError) -> Int
    {
        let input = try File(source, .read, in: system)
        let output = try File(target, .create, in: system)
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var offset = 0
        while true {
            var span = buffer.mutableSpan
            let count = try input.read(into: &span, at: offset)
            if count == 0 { break }
            try output.write(buffer.span.extracting(first: count), at: offset)
            offset += count
        }
        try output.sync()
        return offset
    }

    /// Puts a copy in place of a file, or of none, in one step.
    package static func replace(
        _ target: String, withCopyOf source: String, in system: any FileSystem
    ) throws(SystemError) {
        let beside = target + ".tmp"
        try system.removeTree(beside)
        _ = try copy(source, to: beside, in: system)
        try system.rename(beside, to: target)
        try system.syncDirectory(FilePath.parent(of: target))
    }
}
