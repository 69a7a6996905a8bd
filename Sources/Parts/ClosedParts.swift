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
        let files = files(of: info)
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

    /// Reads every byte.
    ///
    /// - Parameter advance: called behind each part with its bytes.
    /// - Returns: a sentence for each part that is damaged, which names it.
    package func findings(_ advance: (Int) -> Void) throws(PartsError) -> [String] {
        var findings: [String] = []
        for info in parts {
            do throws(PartDamage) {
                try verify(info)
            } catch {
                // A collector that runs on the directory removes parts that it has merged.
                let isStillNamed = try ClosedParts(directory, in: system).parts.contains(info)
                if isStillNamed { findings.append("part \(info.name): \(error)") }
            }
            advance(info.bytes)
        }
        return findings
    }

    package func files(of info: PartInfo) -> PartFiles {
        PartFiles(info, in: FilePath.join(directory, info.name), system)
    }

    /// Makes a directory at `target` that a `PartStore` can open, by links where that is possible.
    package func copy(to target: String) throws(PartsError) -> PartsCopy.Report {
        let files = parts.map(files(of:))
        do throws(SystemError) {
            return try PartsCopy(manifest, files, holding: ()).bring(to: target, system)
        } catch {
            throw .cannotWrite(error)
        }
    }
}
