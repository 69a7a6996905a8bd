package import Journal
package import Telemetry

/// How a store behaves. Every limit has its name in the configuration in the sentence that refuses.
package struct StoreOptions: Sendable {
    /// Writers' shares of the head: more than threads that append at once.
    package var shards = 8
    /// Samples that make a flush; memory of the head is about 20 bytes for each, twice while a flush runs.
    package var flushSamples = 2 << 20
    /// A head with fewer samples is flushed when its oldest came this long ago.
    package var flushAfterSeconds = 120
    /// Fewer samples than this wait longer, up to `flushLatestSeconds`: tiny parts would only be merged again.
    package var flushSamplesMin = 256 << 10
    package var flushLatestSeconds = 7200
    /// Series that are not on disk yet, which also make a flush.
    package var newSeriesMax = 256 << 10

    /// How much older than its series' newest sample one may be; nil takes any age.
    package var outOfOrderWindowMs: Int64?
    /// How far ahead of the clock a timestamp may lie; nil takes any where nothing is ever deleted for its age, and a day
    /// otherwise: what lies in the future for years would never be due.
    package var futureMs: Int64?
    /// Samples older than this are gone; nil keeps all.
    package var retentionMs: Int64?
    /// Retention of series that match, where it is shorter; the first rule that matches counts.
    package var retentionRules: [RetentionRule] = []
    /// Oldest parts go when all of them take more than this; nil keeps all.
    package var retentionBytes: Int?

    package var seriesMax = 20_000_000
    package var labelsMax = 64
    package var labelNameBytesMax = 512
    package var labelValueBytesMax = 4096
    package var exemplarsMax = 100_000
    package var metadataMax = 50_000

    /// Parts of one size that a merge takes at once.
    package var mergeParts = 8
    /// Parts with more samples are not merged any more.
    package var mergeSamplesMax = 1 << 30
    /// What must stay free on the device, in bytes and as a share; below it nothing is taken.
    package var freeBytesMin = 2 << 30
    package var freeShareMin = 0.05

    /// How much of the log is kept at most for those who send it on.
    package var feedBytesMax = 8 << 30
    /// Until `readersAreKnown` nothing leaves the log, so that a flush of the start takes nothing from them.
    package var keepsLogUntilReadersAreKnown = false

    package var sync = JournalSync.everySecond
    package var journalSegmentBytes = 16 << 20
    package var metrics: Registry?
    /// False in tests that drive flushes and merges themselves.
    package var hasBackgroundThreads = true

    package init() {}

    /// Whether nothing is deleted unless somebody asks for it.
    var keepsEverything: Bool { retentionMs == nil && retentionBytes == nil && retentionRules.isEmpty }
}
