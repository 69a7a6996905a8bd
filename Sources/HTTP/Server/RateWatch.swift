/// Whether a peer that should send or read moves enough bytes in each window of time.
struct RateWatch {
    private var movedBytes = 0

    mutating func moved(_ bytes: Int) { movedBytes += bytes }

    /// Begins anew.
    mutating func reset() { movedBytes = 0 }

    /// Asked at the end of each window.
    mutating func wasFastEnough(bytesMin: Int) -> Bool {
        defer { movedBytes = 0 }
        return movedBytes >= bytesMin
    }
}
