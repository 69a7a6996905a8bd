import Glibc
import Posix

extension PartStore {
    /// Makes a directory at `target` that holds the live parts as of now by hard links, or copies on another device, and
    /// that a `PartStore` can open. It is there whole or not at all.
    package func snapshot(to target: String) throws(PartsError) {
        do throws(SystemError) {
            if try system.status(at: target) != nil { throw SystemError(call: "snapshot", on: target, code: EEXIST) }
            let beside = target + PartRecovery.unfinishedSuffix
            try system.removeTree(beside)
            _ = try copyOfLive().bring(to: beside, system)
            try system.rename(beside, to: target)
            try system.syncDirectory(FilePath.parent(of: target))
        } catch {
            throw error.exists ? .snapshotExists(target) : .cannotWrite(error)
        }
    }

    /// Makes the directory at `target` hold the live parts as of now: parts that an earlier call has brought there stay,
    /// new ones are linked or copied, and those that live no more go. After the end of the process at any instant it
    /// holds the parts of the one call or of the other.
    package func backUp(to target: String) throws(PartsError) -> PartsCopy.Report {
        let copy = copyOfLive()
        try copy.checkTarget(target, system)
        do throws(SystemError) {
            return try copy.bring(to: target, system)
        } catch {
            throw .cannotWrite(error)
        }
    }

    private func copyOfLive() -> PartsCopy {
        let (manifest, parts) = committed.withLock { committed in (committed.manifest, self.parts) }
        // Who holds a part holds its files, so they stay until all are brought.
        return PartsCopy(manifest, parts.map(\.files), holding: parts)
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
