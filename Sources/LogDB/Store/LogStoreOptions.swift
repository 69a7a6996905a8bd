package import Journal
package import Model
import Posix
package import Telemetry

/// How a log store behaves. Every limit has its name in the configuration in the sentence that refuses.
package struct LogStoreOptions: Sendable {
    package enum LongLine: Sendable {
        /// Kept up to the limit, with its whole length in the metadata `cut_from_bytes`.
        case cut
        case refuse
    }

    /// Bytes of lines and metadata, before compression, that make a flush.
    package var flushBytes = 56 << 20
    /// Threads that make blocks beside the one that flushes.
    package var flushHelpers = min(3, Machine.processors - 1)
    /// A head with less is flushed when its oldest entry came this long ago.
    package var flushAfterSeconds = 600

    package var lineBytesMax = 256 << 10
    package var longLine = LongLine.cut
    package var metadataBytesMax = 64 << 10
    /// Streams that came within one head.
    package var streamsMax = 1_000_000
    package var labelsMax = 64
    package var labelBytesMax = 16 << 10

    /// Entries older than this are gone; nil keeps all.
    package var retentionMs: Int64?
    /// Retention of streams that match, where it is shorter; the first rule that matches counts.
    package var retentionRules: [LogRetentionRule] = []
    /// Oldest parts go when all of them take more than this; nil keeps all.
    package var retentionBytes: Int?

    /// Memory for blocks that were read lately.
    package var cacheBytes = 128 << 20

    /// Parts of one size that a merge takes at once.
    package var mergeParts = 8
    /// What must stay free on the device, in bytes and as a share; below it nothing is taken.
    package var freeBytesMin = 2 << 30
    package var freeShareMin = 0.05

    package var sync = JournalSync.everySecond
    package var journalSegmentBytes = 32 << 20
    package var metrics: Registry?
    /// False in tests that drive flushes and merges themselves.
    package var hasBackgroundThreads = true

    package init() {}

    /// Takes over retention and limits.
    mutating func adopt(_ other: LogStoreOptions) {
        (retentionMs, retentionBytes, retentionRules) = (other.retentionMs, other.retentionBytes, other.retentionRules)
        (lineBytesMax, longLine, metadataBytesMax) = (other.lineBytesMax, other.longLine, other.metadataBytesMax)
        (streamsMax, labelsMax, labelBytesMax) = (other.streamsMax, other.labelsMax, other.labelBytesMax)
    }
}

/// How long entries of some streams are kept.
package struct LogRetentionRule: Sendable {
    package var matchers: [Matcher]
    package var retentionMs: Int64

    package init(matchers: [Matcher], retentionMs: Int64) {
        self.matchers = matchers
        self.retentionMs = retentionMs
    }
}
