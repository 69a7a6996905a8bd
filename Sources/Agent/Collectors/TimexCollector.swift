import CLinux

/// How well the clock follows its source, from adjclock.
final class TimexCollector: Collector {
    static let definition = CollectorDefinition("timex") { _, _ in TimexCollector() }

    /// STA_NANO: the kernel counts in nanoseconds.
    private static let nanoseconds: Int32 = 0x2000
    /// TIME_ERROR: the clock follows nothing.
    private static let unsynchronised: Int32 = 5
    /// Frequencies are parts per million with 16 bits behind the point.
    private static let partsPerMillion = 1_000_000.0 * 65_536

    func update(_ page: inout MetricPage) throws(CollectorError) {
        var clock = timex()
        let state = unsafe adjtimex(&clock)
        guard state >= 0 else { throw .failed("adjtimex failed") }
        let fraction = clock.status & Self.nanoseconds != 0 ? 1e9 : 1e6
        func gauge(_ name: String, _ help: String, _ value: Double) {
            page.add("node_timex_\(name)", .gauge, help, value)
        }
        func counter(_ name: String, _ help: String, _ value: Int) {
            page.add("node_timex_\(name)_total", .counter, help, Double(value))
        }
        gauge("sync_status", "1 if the clock follows its source.", state == Self.unsynchronised ? 0 : 1)
        gauge("offset_seconds", "How far the clock is behind its source.", Double(clock.offset) / fraction)
        gauge(
            "frequency_adjustment_ratio", "How much faster the clock is made to run.",
            1 + Double(clock.freq) / Self.partsPerMillion)
        gauge("maxerror_seconds", "How wrong the clock can be at the most.", Double(clock.maxerror) / 1e6)
        gauge("estimated_error_seconds", "How wrong the clock may well be.", Double(clock.esterror) / 1e6)
        gauge("status", "The bits of the clock's state.", Double(clock.status))
        gauge("loop_time_constant", "Time constant of the loop that follows the source.", Double(clock.constant))
        gauge("tick_seconds", "Seconds between two ticks of the clock.", Double(clock.tick) / 1e6)
        gauge("tai_offset_seconds", "How far atomic time is ahead of UTC.", Double(clock.tai))
        gauge(
            "pps_frequency_hertz", "Frequency of the pulse each second.", Double(clock.ppsfreq) / Self.partsPerMillion)
        gauge("pps_jitter_seconds", "Jitter of the pulse each second.", Double(clock.jitter) / fraction)
        gauge("pps_shift_seconds", "Seconds between two pulses.", Double(clock.shift))
        gauge(
            "pps_stability_hertz", "Stability of the pulse's frequency.", Double(clock.stabil) / Self.partsPerMillion)
        counter("pps_jitter", "Pulses with too much jitter.", clock.jitcnt)
        counter("pps_calibration", "Calibrations by the pulse.", clock.calcnt)
        counter("pps_error", "Failed calibrations by the pulse.", clock.errcnt)
        counter("pps_stability_exceeded", "Calibrations that were not stable.", clock.stbcnt)
    }
}
