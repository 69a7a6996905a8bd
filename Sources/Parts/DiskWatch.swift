package import Posix

/// Whether there is room to take more: nothing is deleted to make some, so when the device runs short, ingest is refused
/// before writes fail in the middle.
package final class DiskWatch: Sendable {
    /// The device is short: how much is free and how much must be.
    package struct Shortage: Error, Equatable, CustomStringConvertible {
        package let path: String
        package let space: DiskSpace
        package let neededBytes: Int

        package var description: String {
            let megabyte = 1_000_000
            return """
                the device of \(path) is short of space: \(space.freeBytes / megabyte) MB of \
                \(space.totalBytes / megabyte) MB are free, \(neededBytes / megabyte) MB are needed; free some, or set a \
                retention by size
                """
        }
    }

    private struct State {
        var shortage: Shortage?
        var checkAgainNs: Int64 = .min
    }

    private static let intervalNs: Int64 = 1_000_000_000

    private let path: String
    private let bytesMin: Int
    private let ratioMin: Double
    private let system: any FileSystem
    private let time: any TimeSource
    private let state = Lock(State())

    /// Short is what has less free than both `bytesMin` and `ratioMin` of the device: the one alone would be too much on
    /// a small device, the other on a large one.
    package init(
        _ path: String, bytesMin: Int = 2_000_000_000, ratioMin: Double = 0.05,
        in system: any FileSystem = LocalFileSystem(), time: any TimeSource = SystemTime()
    ) {
        self.path = path
        self.bytesMin = bytesMin
        self.ratioMin = ratioMin
        self.system = system
        self.time = time
    }

    /// nil while there is room. Asks the device once a second at most.
    package var shortage: Shortage? {
        state.withLock { state in
            let nowNs = time.monotonicNs
            if nowNs < state.checkAgainNs { return state.shortage }
            state.checkAgainNs = nowNs + Self.intervalNs
            state.shortage = measure(wasShort: state.shortage != nil)
            return state.shortage
        }
    }

    /// Once short, a tenth more must be free to be no longer, so that the answer does not flicker.
    private func measure(wasShort: Bool) -> Shortage? {
        // A device that does not answer is found by the writes.
        guard let space = try? system.space(at: path) else { return nil }  // as said above
        let least = min(bytesMin, Int(Double(space.totalBytes) * ratioMin))
        let needed = wasShort ? least + least / 10 : least
        return space.freeBytes < needed ? Shortage(path: path, space: space, neededBytes: needed) : nil
    }
}
