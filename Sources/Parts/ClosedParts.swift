package import Posix

/// A directory of parts that nobody has open: a backup, or what a store that does not run left. It is only read.
package struct ClosedParts: Sendable {
    package let directory: String
    let manifest: Manifest
    private let system: any FileSystem

    /// - Throws: where there is no manifest that can be read.
    package init(_ directory: String, in system: any FileSystem = LocalFileSystem()) throws(PartsError) {
        self.directory = directory
        self.system = system
        let path = FilePath.join(directory, Manifest.fileName)
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try system.readFile(path, atMostBytes: PartRecovery.recordBytesMax)
        } catch {
            throw .noParts(directory: directory, reason: "\(error)")
        }
        do throws(FormatFailure) {
            manifest = try Manifest(bytes: bytes)
        } catch {
            if case .unknownVersion(let version) = error { throw .unknownVersion(path: path, version: version) }
            throw .noParts(directory: directory, reason: "\(path) cannot be read: \(error)")
        }
    }

    /// In the order of partition, time and number.
    package var parts: [PartInfo] { manifest.parts.sorted(by: PartRecovery.isOrdered) }

    /// Reads every byte of a part: its record has to be what the manifest says, and each file has to have its checksum.
    package func verify(_ info: PartInfo) throws(PartDamage) {
        let files = PartFiles(info, in: FilePath.join(directory, info.name), system)
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try system.readFile(
                FilePath.join(files.directory, PartRecord.fileName), atMostBytes: PartRecovery.recordBytesMax)
        } catch {
            guard error.isMissing else { throw .unavailable(error) }
            throw .corrupt(file: PartRecord.fileName, reason: "it is missing")
        }
        do throws(FormatFailure) {
            let record = try PartRecord(bytes: bytes)
            guard record.info == info, record.store == manifest.store else {
                throw FormatFailure.corrupt("it is not of the part that the manifest names")
            }
        } catch {
            throw .corrupt(file: PartRecord.fileName, reason: "\(error)")
        }
        try files.verify()
    }

    /// Makes a directory at `target` that a `PartStore` can open, by links where that is possible.
    package func copy(to target: String) throws(PartsError) -> PartsCopy.Report {
        let files = parts.map { PartFiles($0, in: FilePath.join(directory, $0.name), system) }
        do throws(SystemError) {
            return try PartsCopy(manifest, files, holding: ()).bring(to: target, system)
        } catch {
            throw .cannotWrite(error)
        }
    }
}
