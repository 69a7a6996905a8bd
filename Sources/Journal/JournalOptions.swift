package import Telemetry

/// When records reach the device. Whatever is chosen, they survive the end of the process.
package enum JournalSync: Sendable, Equatable {
    /// A thread syncs what was written since it last did: a loss of power costs at most this much time.
    case interval(ns: Int64)
    /// `append` returns when its record is on the device. Appenders that wait at the same time share one sync.
    case always
    /// Only `Journal.sync` does.
    case onRequest

    package static let everySecond = JournalSync.interval(ns: 1_000_000_000)
}

package struct JournalOptions: Sendable {
    /// Made if missing. One journal has it for itself.
    package var directory: String
    /// The `journal` label of the metrics, and part of the name of the sync thread.
    package var name: String
    package var sync = JournalSync.everySecond
    /// A segment takes no further record beyond this size. Whole segments are dropped, so it is also about how much
    /// stays on disk longer than needed.
    package var segmentBytes = 64 << 20
    /// The largest payload, before compression; 1 GiB at most.
    package var recordBytesMax = 64 << 20
    package var metrics: Registry?

    package init(directory: String, name: String) {
        self.directory = directory
        self.name = name
    }
}
