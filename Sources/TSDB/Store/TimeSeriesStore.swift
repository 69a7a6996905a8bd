import Encoding
import Journal
import LabelIndex
import Model
import Parts
package import Posix
package import Storage
import Synchronization
import Telemetry

/// The embedded metric store: samples go into the log and the head at once, from there into small immutable parts, which
/// are merged into larger ones. TSDB.docc says how.
package final class TimeSeriesStore: MetricStore {
    package let options: StoreOptions
    package let directory: String
    let system: any FileSystem
    let time: any TimeSource
    let journal: Journal
    let parts: PartStore<StoredContent>
    let registry: SeriesRegistry
    let shards: [Lock<HeadShard>]
    let view: Lock<StoreView>
    let annotations: Lock<Annotations>
    let disk: DiskWatch
    let metrics: StoreMetrics?

    /// Samples in the head, and when the oldest of them came.
    let headSamples = Atomic<Int>(0)
    let headSinceMs = Atomic<Int64>(.max)
    let newestMs = Atomic<Int64>(.min)
    /// How often samples came late or were deleted.
    let unsettled = Atomic<UInt64>(0)
    let nextShard = Atomic<Int>(0)
    /// Samples were removed, so series may have none left.
    let mayHaveLostSeries = Atomic<Bool>(false)
    /// Up to where the log holds what the last flush has put aside.
    let frozenPosition = Atomic<UInt64>(0)
    /// From where those need the log who send on what it holds.
    let feedReaders = Lock<[String: FeedPosition]>([:])
    let isLogKeptWhole: Atomic<Bool>
    /// Held by whoever flushes; the number of flushes.
    let flushing = Lock(0)
    let merging = Lock(0)
    /// When retention was last applied, and when lost series were last looked for.
    let retainedMs = Atomic<Int64>(.min)
    let forgottenMs: Atomic<Int64>
    /// Held from reading the state to committing it changed.
    let committing = Lock(0)
    let upkeep = Upkeep()
    private let lock: Lock<DataDirectoryLock?>

    private let foundNotices: Lock<[String]>
    /// What was found and put right, while opening and since.
    package var notices: [String] { foundNotices.withLock { $0 } }

    /// Opens or makes a store. When this returns everything acknowledged is visible.
    package init(
        directory: String, options: StoreOptions = StoreOptions(), in system: any FileSystem = LocalFileSystem(),
        time: any TimeSource = SystemTime()
    ) throws(StorageError) {
        self.directory = directory
        self.options = options
        isLogKeptWhole = Atomic(options.keepsLogUntilReadersAreKnown)
        self.system = system
        self.time = time
        precondition((1...64).contains(options.shards), "BUG: \(options.shards) shards")
        let opened = try Opening(directory, options, system, time)
        lock = Lock(opened.lock)
        journal = opened.journal
        parts = opened.parts
        var state = StoreView()
        state.state = opened.state
        state.set(parts.parts)
        let knownID = state.segments.compactMap { $0.index.idRange?.upperBound }.max() ?? 0
        let usedID = state.samples.map { $0.samples.summary.lastID }.max() ?? 0
        let nextID = max(opened.state.nextSeriesID, knownID + 1, usedID + 1)
        let journal = journal
        registry = SeriesRegistry(nextID: nextID, nowMs: time.wallMs, journal: journal)
        shards = (0..<options.shards).map { Lock(HeadShard(number: $0, appender: journal.makeAppender())) }
        view = Lock(state)
        annotations = Lock(Annotations(options, opened.annotations, appender: journal.makeAppender()))
        disk = DiskWatch(
            directory, bytesMin: options.freeBytesMin, ratioMin: options.freeShareMin, in: system, time: time)
        metrics = options.metrics.map { StoreMetrics($0) }
        forgottenMs = Atomic(time.wallMs)
        foundNotices = Lock(opened.notices)
        try recover(from: opened.state)
        if let registry = options.metrics { register(in: registry) }
        if options.hasBackgroundThreads { try startThreads() }
    }

    /// What is older than this behind the newest sample is settled: targets are asked every few seconds or minutes.
    static let settlingMs: Int64 = 300_000

    package var settled: SettledMark? {
        let newest = newestMs.load(ordering: .relaxed)
        guard newest != .min else { return nil }
        let epoch = unsettled.load(ordering: .acquiring)
        return SettledMark(epoch: epoch, untilMs: newest.subtractingClamped(Self.settlingMs))
    }

    /// Bytes of all parts and label segments.
    package var storedBytes: Int { parts.parts.reduce(0) { $0 + $1.info.bytes } }

    func note(_ notice: String) {
        foundNotices.withLock { notices in
            if notices.count < Self.noticesMax { notices.append(notice) }
        }
    }

    private static let noticesMax = 1000

    /// Flushes the head and ends all threads. What could not be flushed is in the log.
    package func close() throws(StorageError) {
        guard upkeep.stop() else { return }
        let flushFailure: StorageError?
        do throws(StorageError) {
            try flush()
            flushFailure = nil
        } catch {
            flushFailure = error
        }
        defer { lock.withLock { $0 = nil } }
        do throws(JournalError) {
            try journal.close()
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 10)
        }
        if let flushFailure { throw flushFailure }
    }

    /// Ends as a crash would, for tests: nothing is flushed.
    package func abandon() {
        guard upkeep.stop() else { return }
        try? journal.close()  // a crash would not even try
        lock.withLock { $0 = nil }
    }
}
