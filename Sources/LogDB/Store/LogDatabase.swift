import Encoding
import Journal
import LabelIndex
import Model
import Parts
package import Posix
package import Storage
import Synchronization

/// The embedded log store: entries go into the log and the head at once, from there into immutable parts of columnar
/// blocks, which are merged into larger ones. LogDB.docc says how.
package final class LogDatabase: LogStore {
    private let settings: Lock<LogStoreOptions>
    package var options: LogStoreOptions { settings.withLock { $0 } }
    package let directory: String
    let system: any FileSystem
    let time: any TimeSource
    let journal: Journal
    let parts: PartStore<LogPart>
    let head: Lock<Head>
    let view: Lock<LogView>
    let repeats: Repeats
    let compressors = CompressorPool()
    let decompressors = DecompressorPool()
    let blocks: BlockCache
    let disk: DiskWatch
    let tails = LogTails()

    /// Bytes in the head, and when the oldest of them came.
    let headBytes = Atomic<Int>(0)
    let headSinceMs = Atomic<Int64>(.max)
    /// Held by whoever flushes; the number of flushes.
    let flushing = Lock(0)
    let merging = Lock(0)
    /// When retention was last applied.
    let retainedMs = Atomic<Int64>(.min)
    /// Held from reading the state to committing it changed.
    let committing = Lock(0)
    let upkeep = Upkeep()
    /// They help scans.
    let workers: Workers
    /// They help a flush, which all who append wait for in the end; none without background threads.
    let helpers = Lock<Workers?>(nil)
    private let lock: Lock<DataDirectoryLock?>

    private let foundNotices: Lock<[String]>
    /// What was found and put right, while opening and since.
    package var notices: [String] { foundNotices.withLock { $0 } }
    private static let noticesMax = 1000

    /// Opens or makes a store. When this returns everything acknowledged is visible.
    ///
    /// - Parameter workers: threads that help scans; nil for none.
    package init(
        directory: String, options: LogStoreOptions = LogStoreOptions(), workers: Workers? = nil,
        in system: any FileSystem = LocalFileSystem(), time: any TimeSource = SystemTime()
    ) throws(StorageError) {
        self.directory = directory
        settings = Lock(options)
        self.system = system
        self.time = time
        let state: LogState
        var found: [String] = []
        do {
            try system.createDirectories(directory)
            lock = Lock(try DataDirectoryLock(directory, in: system))
            self.workers = try workers ?? Workers(helpers: 0)
            parts = try PartStore(
                FilePath.join(directory, ClosedLogStore.partsDirectory), in: system, time: time, open: LogPart.open)
            // Leftovers are what every crash leaves; they are no damage.
            found = parts.notices.compactMap { notice in
                if case .leftoversRemoved = notice { return nil }
                return notice.description
            }
            state = try LogState(parts.state)
            var journalOptions = JournalOptions(
                directory: FilePath.join(directory, ClosedLogStore.journalDirectory), name: "logs")
            journalOptions.sync = options.sync
            journalOptions.segmentBytes = options.journalSegmentBytes
            journalOptions.recordBytesMax = 256 << 20
            journalOptions.metrics = options.metrics
            journal = try Journal(journalOptions, startingAt: JournalPosition(state.journalPosition), in: system)
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 30)
        }
        head = Lock(Head(journal.makeAppender()))
        var view = LogView()
        view.state = state
        view.parts = parts.parts
        self.view = Lock(view)
        repeats = Repeats(seed: .random(in: .min ... .max))
        disk = DiskWatch(
            directory, bytesMin: options.freeBytesMin, ratioMin: options.freeShareMin, in: system, time: time)
        blocks = BlockCache(bytesMax: options.cacheBytes)
        foundNotices = Lock(found)
        head.withLock { $0.taken = state.taken }
        try recover(from: state)
        if options.hasBackgroundThreads { try startThreads() }
    }

    /// Bytes of all parts.
    package var storedBytes: Int { parts.parts.reduce(0) { $0 + $1.info.bytes } }
    /// Bytes of the lines that the parts hold.
    package var rawBytes: Int { parts.parts.reduce(0) { $0 + $1.content.rawBytes } }

    /// A block of a part, from the cache or the file.
    func block(_ number: Int, of part: StoredLogPart) throws(DecodeError) -> StoredBlock {
        if let known = blocks.block(.init(part: part.info.number, block: number)) { return known }
        return try part.content.block(part.content.entries[number], decompressors)
    }

    /// Takes over how long entries are kept and how much of them is taken. The rest of the options stays as it was.
    package func adopt(_ changed: LogStoreOptions) {
        settings.withLock { $0.adopt(changed) }
        upkeep.wantMerge()
    }

    func note(_ notice: String) {
        foundNotices.withLock { notices in
            if notices.count < Self.noticesMax { notices.append(notice) }
        }
    }

    /// Flushes the head and ends all threads. What could not be flushed is in the log.
    package func close() throws(StorageError) {
        guard stopThreads() else { return }
        let flushFailure: StorageError?
        do throws(StorageError) {
            try flush()
            flushFailure = nil
        } catch {
            flushFailure = error
        }
        helpers.withLock { $0?.stop() }
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
        guard stopThreads() else { return }
        helpers.withLock { $0?.stop() }
        try? journal.close()  // a crash would not even try
        lock.withLock { $0 = nil }
    }

    /// - Returns: false where that was done before.
    private func stopThreads() -> Bool {
        tails.close()
        return upkeep.stop()
    }

    static func refused(_ error: JournalError) -> StorageError {
        .unavailable(reason: "\(error)", retryAfterSeconds: error.isNoSpace ? 60 : 10)
    }
}

/// Compressors of batches, as many as were ever in use at once up to a bound.
final class CompressorPool: Sendable {
    private static let keptMax = 16
    private let kept = Lock<[PooledCompressor]>([])

    /// Appends LZ4 of `bytes`; false, with nothing appended, where it is no shorter.
    func compress(_ bytes: Span<UInt8>, appendingTo output: inout [UInt8]) -> Bool {
        let compressor = kept.withLock { $0.popLast() } ?? PooledCompressor()
        let isShorter = compressor.compress(bytes, appendingTo: &output)
        kept.withLock { if $0.count < Self.keptMax { $0.append(compressor) } }
        return isShorter
    }
}

/// Used by one thread at a time, which has taken it out of the pool.
final class PooledCompressor: Sendable {
    private let compressor = Lock(LZ4Compressor())

    func compress(_ bytes: Span<UInt8>, appendingTo output: inout [UInt8]) -> Bool {
        var packed: [UInt8] = []
        let before = output.count
        swap(&packed, &output)
        let isShorter = compressor.withLock { compressor in
            do throws(CompressionError) {
                return try compressor.compress(bytes, appendingTo: &packed) < bytes.count
            } catch {
                return false
            }
        }
        swap(&packed, &output)
        if !isShorter { output.removeLast(output.count - before) }
        return isShorter
    }
}
