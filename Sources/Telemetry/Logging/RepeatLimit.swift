/// Lets the first few lines of a kind through in each window and counts the others.
///
/// A kind is a component and a message, which is constant text; fields do not matter. When more kinds are known than
/// `kindsMax`, those whose window is over are forgotten, and where none is, the line is let through unjudged.
struct RepeatLimit {
    /// What becomes of a line.
    enum Verdict: Equatable {
        /// Written, together with how many of its kind were held back before it.
        case write(suppressed: Int)
        case suppress
    }

    private struct Kind: Hashable {
        let component: String
        let message: String
    }

    /// Lines of one kind that were held back.
    struct Suppressed: Equatable {
        let level: LogLevel
        let component: String
        let message: String
        let count: Int
    }

    private struct Window {
        let level: LogLevel
        let startNs: Int64
        var written = 0
        var suppressed = 0
    }

    static let kindsMax = 256

    private let linesPerWindow: Int
    private let windowNs: Int64
    private var windows: [Kind: Window] = [:]

    init(linesPerWindow: Int, windowNs: Int64) {
        self.linesPerWindow = linesPerWindow
        self.windowNs = windowNs
    }

    mutating func judge(_ level: LogLevel, component: String, message: String, nowNs: Int64) -> Verdict {
        let kind = Kind(component: component, message: message)
        if windows[kind] == nil, windows.count >= Self.kindsMax {
            windows = windows.filter { nowNs - $0.value.startNs < windowNs || $0.value.suppressed > 0 }
            if windows.count >= Self.kindsMax { return .write(suppressed: 0) }
        }
        var window = windows[kind] ?? Window(level: level, startNs: nowNs)
        defer { windows[kind] = window }
        if nowNs - window.startNs >= windowNs {
            let suppressed = window.suppressed
            window = Window(level: level, startNs: nowNs, written: 1)
            return .write(suppressed: suppressed)
        }
        guard window.written < linesPerWindow else {
            window.suppressed += 1
            return .suppress
        }
        window.written += 1
        return .write(suppressed: 0)
    }

    /// The kinds whose window is over (or all of them) and that held lines back; each is told once.
    mutating func takeFinished(nowNs: Int64, all: Bool = false) -> [Suppressed] {
        let finished = windows.filter { $0.value.suppressed > 0 && (all || nowNs - $0.value.startNs >= windowNs) }
        for kind in finished.keys { windows[kind] = nil }
        return finished.map { kind, window in
            Suppressed(
                level: window.level, component: kind.component, message: kind.message, count: window.suppressed)
        }
    }
}
