import Encoding
import Journal
import Parts
import Posix
import Storage

/// The files of a store as they are found: locked, opened, with what was put right on the way.
struct Opening {
    let lock: DataDirectoryLock
    let journal: Journal
    let parts: PartStore<StoredContent>
    let state: StoreState
    let annotations: [UInt8]
    private(set) var notices: [String] = []

    static let annotationsFile = "annotations"
    static let partsDirectory = "parts"
    private static let annotationsBytesMax = 1 << 30

    init(
        _ directory: String, _ options: StoreOptions, _ system: any FileSystem, _ time: any TimeSource
    ) throws(StorageError) {
        do {
            try system.createDirectories(directory)
            lock = try DataDirectoryLock(directory, in: system)
            parts = try PartStore(
                FilePath.join(directory, Self.partsDirectory), in: system, time: time, open: StoredContent.open)
            // Leftovers are what every crash leaves; they are no damage.
            notices = parts.notices.compactMap { notice in
                if case .leftoversRemoved = notice { return nil }
                return notice.description
            }
            state = try StoreState(parts.state)
            var journalOptions = JournalOptions(directory: FilePath.join(directory, "log"), name: "metrics")
            journalOptions.sync = options.sync
            journalOptions.segmentBytes = options.journalSegmentBytes
            journalOptions.metrics = options.metrics
            journal = try Journal(
                journalOptions, startingAt: JournalPosition(state.journalPosition), in: system)
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 30)
        }
        let path = FilePath.join(directory, Self.annotationsFile)
        do throws(SystemError) {
            let isThere = try system.status(at: path) != nil
            annotations = isThere ? try system.readFile(path, atMostBytes: Self.annotationsBytesMax) : []
        } catch {
            annotations = []
            notices.append("exemplars and metadata cannot be read: \(error)")
        }
    }
}
