import Encoding
import Model
import Posix
import Synchronization

/// The scrapes of one target, one after the other.
final class ScrapeLoop: Sendable {
    private struct State: Sendable {
        var pages: TargetPages
        /// The loop of the same target under older settings, whose series this one goes on with.
        var predecessor: ScrapeLoop?
        var hasScraped = false
        var isRetired = false
    }

    let target: ScrapeTarget
    private let state: Lock<State>
    /// Why no target of the job is scraped; nil where they are.
    let blocked = Lock<String?>(nil)
    private let isBusy = Atomic<Bool>(false)
    private let isLeaving = Atomic<Bool>(false)

    init(_ target: ScrapeTarget, pages: TargetPages, predecessor: ScrapeLoop?) {
        self.target = target
        state = Lock(State(pages: pages, predecessor: predecessor))
    }

    /// Whether a scrape may begin: false while the one before goes on.
    func begin() -> Bool { isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged }
    func finish() { isBusy.store(false, ordering: .releasing) }

    /// The target has gone, unless it comes back before its next turn.
    var leaves: Bool {
        get { isLeaving.load(ordering: .relaxed) }
        set { isLeaving.store(newValue, ordering: .relaxed) }
    }

    /// Gives its series away: nothing of it is taken any more.
    private func retire() -> TargetPages {
        state.withLock { state in
            state.isRetired = true
            return state.pages
        }
    }

    /// Has `body` take a page, unless the loop has been replaced.
    func take<Result>(_ body: (inout TargetPages) -> Result) -> Result? {
        let predecessor = state.withLock { state in
            defer { state.predecessor = nil }
            return state.predecessor
        }
        let before = predecessor?.retire()
        return state.withLock { state -> Result? in
            if state.isRetired { return nil }
            if let before { state.pages = state.pages.after(before) }
            state.hasScraped = true
            return body(&state.pages)
        }
    }

    var hasScraped: Bool { state.withLock { $0.hasScraped || $0.predecessor?.hasScraped == true } }
}
