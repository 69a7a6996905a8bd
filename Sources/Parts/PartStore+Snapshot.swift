import Glibc
import Posix

extension PartStore {
    /// Makes a directory at `target` that holds the live parts as of now by hard links, or copies on another device, and
    /// that a `PartStore` can open. It is there whole or not at all.
    package func snapshot(to target: String) throws(PartsError) {
        let (manifest, parts) = committed.withLock { committed in (committed.manifest, self.parts) }
        do throws(SystemError) {
            if try system.status(at: target) != nil { throw SystemError(call: "snapshot", on: target, code: EEXIST) }
            let beside = target + PartRecovery.unfinishedSuffix
            try system.removeTree(beside)
            try system.createDirectories(beside)
            for part in parts { try link(part.files, to: FilePath.join(beside, part.info.name)) }
            var copy = manifest
            copy.parts = parts.map(\.info)
            copy.retired = []
            try system.replaceFile(FilePath.join(beside, Manifest.fileName), with: copy.bytes.span)
            try system.rename(beside, to: target)
            try system.syncDirectory(FilePath.parent(of: target))
        } catch {
            throw error.exists ? .snapshotExists(target) : .cannotWrite(error)
        }
    }

    private func link(_ files: PartFiles, to directory: String) throws(SystemError) {
        try system.createDirectory(directory)
        for name in [PartRecord.fileName] + files.info.files.map(\.name) {
            let source = FilePath.join(files.directory, name)
            do throws(SystemError) {
                try system.link(source, to: FilePath.join(directory, name))
            } catch {
                guard error.code == EXDEV else { throw error }
                try copy(source, to: FilePath.join(directory, name))
            }
        }
        try system.syncDirectory(directory)
    }

    private func copy(_ source: String, to target: String) throws(SystemError) {
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
    }

    /// Reads every file of every live part and holds its checksum.
    ///
    /// - Returns: the parts that are damaged, which stay live until `quarantine` is called.
    package func verify() -> [(part: Part<Content>, damage: PartDamage)] {
        parts.compactMap { part in
            do throws(PartDamage) {
                try part.files.verify()
                return nil
            } catch {
                return (part, error)
            }
        }
    }
}
