import Posix

/// A clock that stands still until a test moves it.
package final class ManualTime: TimeSource {
    private let now: Lock<(wallNs: Int64, monotonicNs: Int64)>

    /// Starts at 2026-01-01T00:00:00Z unless told otherwise.
    package init(wallMs: Int64 = 1_767_225_600_000) {
        now = Lock((wallMs * 1_000_000, 1_000_000_000))
    }

    package var wallNs: Int64 { now.withLock { $0.wallNs } }
    package var monotonicNs: Int64 { now.withLock { $0.monotonicNs } }

    package func advance(bySeconds seconds: Double) {
        let ns = Int64(seconds * 1_000_000_000)
        now.withLock { $0 = ($0.wallNs + ns, $0.monotonicNs + ns) }
    }
}
