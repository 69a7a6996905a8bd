import Encoding
import Model
import PromQL
import TSDB
import Text

/// `storage`: where data lies, how long it stays and how safely it is written.
struct StorageOptions: Sendable {
    /// How soon what was acknowledged is safe from a power loss. A crash of the process loses nothing either way.
    enum Sync: Equatable, Sendable {
        case always
        case everyMs(Int64)
    }

    /// Nil: `--data` says.
    var path: String?
    var sync = Sync.everyMs(1000)
    /// Zero keeps everything.
    var retentionMs: Int64 = 0
    /// Bound on the bytes of metrics on disk; zero is none.
    var retentionBytes: Int64 = 0
    /// Bound on the share of the disk; zero is none.
    var retentionPercent = 0.0
    /// Nil: samples of any age are taken.
    var outOfOrderWindowMs: Int64?
    var exemplarsMax = 100_000
    /// Shorter retention of some series; the first that matches counts.
    var retentionRules: [RetentionRule] = []
    var limits = Limits()

    /// Nil leaves a limit at the store's default.
    struct Limits: Equatable, Sendable {
        var series: Int?
        var labels: Int?
        var labelNameBytes: Int?
        var labelValueBytes: Int?
        var requestSamples: Int?
        /// Below this much free space nothing is taken.
        var freeBytes: Int64?
        /// How much of the log is kept at most for receivers of remote_write that are away.
        var remoteWriteLogBytes: Int64?
    }

    init() {}

    init(_ section: YAMLSection) {
        path = section.string("path").map(section.reader.joined)
        if let written = section.string("fsync_interval") {
            sync = written == "always" ? .always : .everyMs(section.durationMs("fsync_interval") ?? 1000)
        }
        if let tsdb = section.section("tsdb") { read(tsdb) }
        if let exemplars = section.section("exemplars") {
            exemplarsMax = max(0, exemplars.int("max_exemplars") ?? 100_000)
            exemplars.finish()
        }
        limits.series = section.int("series_limit", in: 1...Int.max)
        limits.labels = section.int("label_limit", in: 1...Int.max)
        limits.labelNameBytes = section.int("label_name_length_limit", in: 1...Int.max)
        limits.labelValueBytes = section.int("label_value_length_limit", in: 1...Int.max)
        limits.requestSamples = section.int("request_sample_limit", in: 1...Int.max)
        limits.freeBytes = section.bytes("min_free_space")
        limits.remoteWriteLogBytes = section.bytes("remote_write_log_limit")
        retentionRules = section.sections("retention_rules", "retention rule").compactMap(Self.rule)
        section.finish()
    }

    private static func rule(_ section: YAMLSection) -> RetentionRule? {
        let selector = section.string("selector")
        let retentionMs = section.durationMs("time")
        section.finish()
        guard let selector, let retentionMs, retentionMs > 0 else {
            section.refuse("a retention rule needs a selector and a time", "write {selector: '{job=\"x\"}', time: 7d}")
            return nil
        }
        do throws(ParseError) {
            return RetentionRule(matchers: try Parser.parseSelector(selector), retentionMs: retentionMs)
        } catch {
            section.refuse(at: "selector", "\(Quoted.text(selector)) is not a selector: \(error)")
            return nil
        }
    }

    /// Prometheus' own keys.
    private mutating func read(_ section: YAMLSection) {
        outOfOrderWindowMs = section.durationMs("out_of_order_time_window")
        if section.float("stale_series_compaction_threshold") != nil {
            Self.notice(section, "stale_series_compaction_threshold")
        }
        if let encoding = section.section("chunk_encoding") {
            if let floats = encoding.string("floats") {
                if !["", "xor", "xor2"].contains(floats) {
                    encoding.refuse(
                        at: "floats",
                        "'storage.tsdb.chunk_encoding.floats' must be 'xor' or 'xor2', or the field must be omitted entirely, got \(Quoted.text(floats))"
                    )
                }
                Self.notice(section, "chunk_encoding")
            }
            encoding.finish()
        }
        if let retention = section.section("retention") { readRetention(retention) }
        section.finish()
    }

    private mutating func readRetention(_ section: YAMLSection) {
        retentionMs = section.durationMs("time") ?? 0
        retentionBytes = section.bytes("size") ?? 0
        retentionPercent = section.float("percentage") ?? 0
        if retentionBytes < 0 {
            section.refuse(at: "size", "'storage.tsdb.retention.size' must be greater than or equal to 0")
        }
        if !(0...100).contains(retentionPercent) {
            section.refuse(at: "percentage", "'storage.tsdb.retention.percentage' must be in the range [0, 100]")
        }
        section.finish()
    }

    private static func notice(_ section: YAMLSection, _ key: String) {
        section.reader.notice(
            section.place(of: key), "\(key) has no effect: the format of obs chooses for each block by itself")
    }
}
