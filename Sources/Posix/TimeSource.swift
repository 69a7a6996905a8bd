import Glibc

/// Where time comes from. Everything that waits, expires or stamps asks one of these, so that tests move the clock.
package protocol TimeSource: Sendable {
    /// Nanoseconds since 1970 by the wall clock, which may jump.
    var wallNs: Int64 { get }
    /// Nanoseconds since an arbitrary start, which never goes back.
    var monotonicNs: Int64 { get }
}

extension TimeSource {
    package var wallMs: Int64 { wallNs / 1_000_000 }
}

/// The clocks of the kernel.
package struct SystemTime: TimeSource {
    package init() {}

    package var wallNs: Int64 { Self.read(CLOCK_REALTIME) }
    package var monotonicNs: Int64 { Self.read(CLOCK_MONOTONIC) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var now = timespec()
        unsafe clock_gettime(clock, &now)
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }
}
