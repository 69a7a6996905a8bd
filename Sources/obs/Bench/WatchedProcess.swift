import Posix

/// The process of a server under load, as the kernel sees it.
final class WatchedProcess: Sendable {
    /// Below this share of a core, over the interval, a server has settled.
    private static let settledShare = 0.06
    /// Long enough that work which is looked for every few seconds has begun.
    private static let settleIntervalNs: Int64 = 6_000_000_000
    private static let settleMaxNs: Int64 = 120_000_000_000

    private let process: String
    private let time: any TimeSource
    private let firstCPUSeconds: Double
    private let firstWrittenBytes: Int

    init(_ pid: Int, time: any TimeSource = SystemTime()) throws(SystemError) {
        process = String(pid)
        self.time = time
        let figures = try ProcessFigures(of: process)
        firstCPUSeconds = figures.userSeconds + figures.systemSeconds
        firstWrittenBytes = (try? Self.writtenBytes(process)) ?? 0  // other users' processes do not show it
    }

    /// Seconds of all cores since the watch began.
    func cpuSeconds() throws(SystemError) -> Double {
        let figures = try ProcessFigures(of: process)
        return figures.userSeconds + figures.systemSeconds - firstCPUSeconds
    }

    /// Sent to the device since the watch began; nil for processes of other users.
    func writtenBytes() -> Int? {
        (try? Self.writtenBytes(process)).map { $0 - firstWrittenBytes }  // nil says that nobody knows
    }

    func residentBytes() throws(SystemError) -> Int { try ProcessFigures(of: process).residentBytes }

    /// The most that was ever resident.
    func peakResidentBytes() throws(SystemError) -> Int { try Self.field("VmHWM:", in: "status", process) * 1024 }

    /// Waits until the server has nothing more to do.
    func settle() throws(SystemError) {
        let endNs = time.monotonicNs + Self.settleMaxNs
        while time.monotonicNs < endNs {
            let before = try cpuSeconds()
            let nothing = Monitor(false)
            _ = nothing.wait(atMostNs: Self.settleIntervalNs, until: { $0 ? true : nil })
            let share = (try cpuSeconds() - before) / (Double(Self.settleIntervalNs) / 1e9)
            if share < Self.settledShare { return }
        }
    }

    private static func writtenBytes(_ process: String) throws(SystemError) -> Int {
        try field("write_bytes:", in: "io", process)
    }

    private static func field(_ name: String, in file: String, _ process: String) throws(SystemError) -> Int {
        let path = "/proc/\(process)/\(file)"
        let text = String(decoding: try LocalFileSystem().readFile(path, atMostBytes: 64 << 10), as: UTF8.self)
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            return line.split(whereSeparator: \.isWhitespace).lazy.compactMap { Int($0) }.first ?? 0
        }
        return 0
    }
}
