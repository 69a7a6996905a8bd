/// How a database is opened.
package struct SQLiteOptions: Sendable {
    /// When a commit has reached the disk.
    package enum Durability: Sendable {
        /// At each commit: nothing that was committed is lost when the power fails.
        case everyCommit
        /// At checkpoints: the last commits may be lost when the power fails, none when the process dies.
        case checkpoint
    }

    package var durability = Durability.everyCommit
    /// Connections for readers beside the one for writing. Each costs about 100 KB once it is used.
    package var readersMax = 4
    /// Page cache of each connection.
    package var cacheKB = 256
    /// How long a connection waits for a lock of another process, and a reader for a free connection.
    package var busyTimeoutMs: Int32 = 5_000

    package init() {}

    struct Pragma {
        let text: String
        let isForWriter: Bool
    }

    /// The journal is written back at 256 pages and cut to 1 MB, so that it stays small beside a small database. Nothing
    /// is mapped, because mapped pages count as resident memory.
    var pragmas: [Pragma] {
        [
            Pragma(text: "PRAGMA journal_mode = WAL", isForWriter: true),
            Pragma(text: "PRAGMA synchronous = \(durability == .everyCommit ? "FULL" : "NORMAL")", isForWriter: true),
            Pragma(text: "PRAGMA wal_autocheckpoint = 256", isForWriter: true),
            Pragma(text: "PRAGMA journal_size_limit = 1048576", isForWriter: true),
            Pragma(text: "PRAGMA foreign_keys = ON", isForWriter: true),
            Pragma(text: "PRAGMA cache_size = -\(cacheKB)", isForWriter: false),
            Pragma(text: "PRAGMA mmap_size = 0", isForWriter: false),
            Pragma(text: "PRAGMA temp_store = MEMORY", isForWriter: false),
            Pragma(text: "PRAGMA trusted_schema = OFF", isForWriter: false),
        ]
    }
}
