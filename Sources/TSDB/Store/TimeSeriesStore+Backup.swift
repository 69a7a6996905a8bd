package import Parts
package import Posix
package import Storage

extension TimeSeriesStore {
    /// Makes the directory at `target` hold everything accepted so far, so that it can be opened as a store elsewhere.
    /// Parts that an earlier backup has brought there stay as they are.
    package func backUp(to target: String) throws(StorageError) -> PartsCopy.Report {
        try flush()
        do {
            try system.createDirectories(target)
            let report = try parts.backUp(to: FilePath.join(target, Opening.partsDirectory))
            let annotations = FilePath.join(directory, Opening.annotationsFile)
            let copy = FilePath.join(target, Opening.annotationsFile)
            if try system.status(at: annotations) == nil {
                try system.removeTree(copy)
            } else {
                try FileCopy.replace(copy, withCopyOf: annotations, in: system)
            }
            return report
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 10)
        }
    }

    /// Rewrites the parts that still hold samples which were deleted.
    package func applyDeletions() throws(StorageError) {
        try flush()
        try merging.withLock { count throws(StorageError) in
            let concerned = view.withLock { view in
                view.samples.filter { !view.deletions(for: $0.samples).isEmpty }.map(\.part.info.number)
            }
            for number in concerned {
                let view = view.withLock { $0 }
                guard let entry = view.samples.first(where: { $0.part.info.number == number }) else { continue }
                try mergeSamples([entry], view)
            }
            count += 1
        }
    }
}

/// A store's directory that nobody has open: a backup, or the data of a collector that does not run.
package struct ClosedStore: Sendable {
    /// Under the store's.
    package static let partsDirectory = Opening.partsDirectory

    package let directory: String
    private let parts: ClosedParts
    private let system: any FileSystem

    package init(_ directory: String, in system: any FileSystem = LocalFileSystem()) throws(PartsError) {
        self.directory = directory
        self.system = system
        parts = try ClosedParts(FilePath.join(directory, Opening.partsDirectory), in: system)
    }

    package var partCount: Int { parts.parts.count }
    package var bytes: Int { parts.parts.reduce(0) { $0 + $1.bytes } }

    /// Reads every byte.
    ///
    /// - Parameter advance: called behind each part with its bytes.
    /// - Returns: a sentence for each part that is damaged, which names it.
    package func findings(_ advance: (Int) -> Void) throws(PartsError) -> [String] { try parts.findings(advance) }

    /// Makes a directory at `target` that can be opened as a store, by links where that is possible.
    package func copy(to target: String) throws(PartsError) -> PartsCopy.Report {
        let report = try parts.copy(to: FilePath.join(target, Opening.partsDirectory))
        let annotations = FilePath.join(directory, Opening.annotationsFile)
        do throws(SystemError) {
            if try system.status(at: annotations) != nil {
                try FileCopy.replace(
                    FilePath.join(target, Opening.annotationsFile), withCopyOf: annotations, in: system)
            }
        } catch {
            throw .cannotWrite(error)
        }
        return report
    }
}
