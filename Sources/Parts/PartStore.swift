package import Posix

/// A directory of immutable parts, and which of them are live.
///
/// Parts become live, and stop being so, in commits: one atomic step on disk for any number of both, together with the
/// owner's state. Files are written beside, synced and renamed before; what an ended process left unfinished is removed
/// at opening. A part that cannot be read is moved to `quarantine` and the rest is served.
///
/// `Content` is what the owner makes of a part's files when it is opened: mappings, an index.
package final class PartStore<Content: Sendable>: Sendable {
    package typealias OpenContent = @Sendable (PartFiles) throws(PartDamage) -> Content

    package let directory: String
    /// What opening found.
    package let notices: [PartNotice]
    let system: any FileSystem
    let open: OpenContent
    let time: any TimeSource
    let removals = PartRemovals()
    /// Held during a commit, also while it syncs.
    let committed: Lock<Committed>
    let live: Lock<[Part<Content>]>

    /// What the manifest says, and what waits for the next commit.
    struct Committed {
        var manifest: Manifest
        /// Parts whose commit failed. The manifest on disk may name them all the same, so their files stay until
        /// another commit has succeeded.
        var doubtful: [UInt64] = []
    }

    /// Opens or makes the directory.
    ///
    /// - Parameter open: called for each live part, now and in later commits, on the thread that does it.
    package init(
        _ directory: String, in system: any FileSystem = LocalFileSystem(), time: any TimeSource = SystemTime(),
        open: @escaping OpenContent
    ) throws(PartsError) {
        self.directory = directory
        self.system = system
        self.time = time
        self.open = open
        var recovery = PartRecovery(directory, system)
        let manifest = try recovery.run()
        var parts: [Part<Content>] = []
        for info in recovery.present {
            let files = PartFiles(info, in: FilePath.join(directory, info.name), system)
            do throws(PartDamage) {
                try files.checkSizes()
                parts.append(Part(files, try open(files), removals: removals))
            } catch {
                recovery.refuse(info, error)
            }
        }
        notices = recovery.notices
        committed = Lock(Committed(manifest: manifest))
        live = Lock(parts)
        forget(recovery.quarantined)
    }

    /// The live parts as of now, in the order of partition, time and number. Holding them keeps their files.
    package var parts: [Part<Content>] { live.withLock { $0 } }

    /// The owner's state of the last commit; empty in a new directory.
    package var state: [UInt8] { committed.withLock { $0.manifest.state } }

    /// Begins a part.
    package func makeWriter() throws(PartsError) -> PartWriter {
        let number = committed.withLock { committed in
            defer { committed.manifest.nextNumber += 1 }
            return committed.manifest.nextNumber
        }
        let path = FilePath.join(directory, PartInfo.name(number) + PartRecovery.unfinishedSuffix)
        do throws(SystemError) {
            return try PartWriter(number: number, directory: path, in: system)
        } catch {
            throw .cannotWrite(error)
        }
    }
}
