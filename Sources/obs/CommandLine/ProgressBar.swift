import Posix

/// A line on the terminal that says how far long work is and how fast it goes; nothing where nobody looks.
final class ProgressBar: Sendable {
    private struct State {
        var done = 0
        var shownNs = Int64.min
    }

    private static let intervalNs: Int64 = 100_000_000
    private static let barColumns = 24

    private let console: Console
    /// Nil where nobody knows how much there is.
    private let total: Int?
    private let what: String
    private let amount: @Sendable (Int) -> String
    private let time: any TimeSource
    private let startedNs: Int64
    private let state = Lock(State())

    /// - Parameters:
    ///   - what: is going on: `importing`.
    ///   - amount: how much of the work, as text.
    init(
        _ what: String, total: Int?, _ console: Console, time: any TimeSource = SystemTime(),
        amount: @escaping @Sendable (Int) -> String
    ) {
        (self.what, self.total, self.console, self.time, self.amount) = (what, total, console, time, amount)
        startedNs = time.monotonicNs
    }

    /// Adds to what is done. From any thread.
    func advance(by count: Int) {
        let nowNs = time.monotonicNs
        let done = state.withLock { state -> Int? in
            state.done += count
            guard nowNs - max(state.shownNs, startedNs) >= Self.intervalNs else { return nil }
            state.shownNs = nowNs
            return state.done
        }
        if let done { console.progress(line(done, nowNs)) }
    }

    /// Takes the line away.
    func end() { console.progress("") }

    private func line(_ done: Int, _ nowNs: Int64) -> String {
        let seconds = max(0.001, Double(nowNs - startedNs) / 1e9)
        let rate = "\(amount(Int(Double(done) / seconds)))/s"
        guard let total, total > 0 else { return "\(what)  \(amount(done))  \(rate)" }
        let share = min(1, Double(done) / Double(total))
        let filled = Int(share * Double(Self.barColumns))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.barColumns - filled)
        return "\(what)  [\(bar)] \(Int(share * 100)) %  \(amount(done)) of \(amount(total))  \(rate)"
    }
}

/// Amounts for people.
enum Amount {
    /// `734 B`, `1.5 MiB`: powers of 1024.
    static func bytes(_ count: Int) -> String {
        scaled(count, step: 1024, units: ["B", "KiB", "MiB", "GiB", "TiB", "PiB"])
    }

    /// `734`, `1.5 M`: powers of 1000.
    static func count(_ count: Int) -> String { scaled(count, step: 1000, units: ["", "k", "M", "G", "T", "P"]) }

    private static func scaled(_ count: Int, step: Double, units: [String]) -> String {
        var value = Double(count)
        var unit = 0
        while value.magnitude >= step, unit < units.count - 1 {
            value /= step
            unit += 1
        }
        let tenths = Int((value * 10).rounded())
        let digits = unit == 0 || tenths >= 1000 ? "\(Int(value.rounded()))" : "\(tenths / 10).\(abs(tenths % 10))"
        return units[unit].isEmpty ? digits : "\(digits) \(units[unit])"
    }
}
