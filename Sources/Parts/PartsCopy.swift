import Glibc
import Posix

/// Parts with the manifest that names them, on their way into another directory.
package struct PartsCopy {
    /// What was done.
    package struct Report: Equatable, Sendable {
        package var parts = 0
        package var bytes = 0
        /// Parts that were not there before, and their bytes.
        package var newParts = 0
        package var newBytes = 0
        /// Of the new bytes those that could not be linked, because the device is another one.
        package var copiedBytes = 0

        package mutating func add(_ other: Self) {
            parts += other.parts
            bytes += other.bytes
            newParts += other.newParts
            newBytes += other.newBytes
            copiedBytes += other.copiedBytes
        }
    }

    private let manifest: Manifest
    private let parts: [PartFiles]
    private let owners: Any

    /// - Parameter owners: whatever keeps the files of the parts in place.
    init(_ manifest: Manifest, _ parts: [PartFiles], holding owners: Any) {
        var manifest = manifest
        manifest.parts = parts.map(\.info)
        manifest.retired = []
        (self.manifest, self.parts, self.owners) = (manifest, parts, owners)
    }

    /// Refuses a directory whose parts are of another store.
    func checkTarget(_ target: String, _ system: any FileSystem) throws(PartsError) {
        do throws(SystemError) {
            if try system.status(at: FilePath.join(target, Manifest.fileName)) == nil { return }
        } catch {
            throw .cannotWrite(error)
        }
        guard try ClosedParts(target, in: system).manifest.store == manifest.store else {
            throw .otherStore(directory: target)
        }
    }

    /// Makes `target` hold these parts and no others. The manifest there is replaced once all of them are, and what it
    /// named before is removed after that.
    func bring(to target: String, _ system: any FileSystem) throws(SystemError) -> Report {
        var report = Report()
        try system.createDirectories(target)
        for part in parts {
            report.parts += 1
            report.bytes += part.info.bytes
            if try isHeld(part, in: target, system) { continue }
            report.newParts += 1
            report.newBytes += part.info.bytes
            report.copiedBytes += try bring(part, to: target, system)
        }
        try system.syncDirectory(target)
        try system.replaceFile(FilePath.join(target, Manifest.fileName), with: manifest.bytes.span)
        try removeOthers(from: target, system)
        return report
    }

    /// Whether an earlier copy has brought this very part: its record is the same and its files have their sizes.
    private func isHeld(_ part: PartFiles, in target: String, _ system: any FileSystem) throws(SystemError) -> Bool {
        let place = FilePath.join(target, part.info.name)
        let record = FilePath.join(place, PartRecord.fileName)
        guard try system.status(at: record) != nil else { return false }
        let own = try system.readFile(
            FilePath.join(part.directory, PartRecord.fileName), atMostBytes: PartRecovery.recordBytesMax)
        guard try system.readFile(record, atMostBytes: PartRecovery.recordBytesMax) == own else { return false }
        for file in part.info.files {
            guard try system.status(at: FilePath.join(place, file.name))?.bytes == file.bytes else { return false }
        }
        return true
    }

    /// - Returns: how many bytes had to be copied.
    private func bring(_ part: PartFiles, to target: String, _ system: any FileSystem) throws(SystemError) -> Int {
        let place = FilePath.join(target, part.info.name)
        let beside = place + PartRecovery.unfinishedSuffix
        try system.removeTree(beside)
        try system.createDirectory(beside)
        var copied = 0
        for name in [PartRecord.fileName] + part.info.files.map(\.name) {
            copied += try FileCopy.linkOrCopy(
                FilePath.join(part.directory, name), to: FilePath.join(beside, name), in: system)
        }
        try system.syncDirectory(beside)
        try system.removeTree(place)
        try system.rename(beside, to: place)
        return copied
    }

    private func removeOthers(from target: String, _ system: any FileSystem) throws(SystemError) {
        let kept = Set(parts.map(\.info.name) + [Manifest.fileName])
        for name in try system.list(target) where !kept.contains(name) {
            try system.removeTree(FilePath.join(target, name))
        }
    }
}
