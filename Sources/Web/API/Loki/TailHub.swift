import Encoding
import HTTP
import LogQL
import Model
package import Posix
import PromQL
import Storage
package import Telemetry

/// Everybody who follows logs as they come. One thread runs the stages of all WebSockets; a stream of events has a thread
/// of its own, because its answer waits for the client.
package final class TailHub: Sendable {
    /// Follower of events at once; more are refused.
    static let streamsMax = 64
    /// Of entries that wait for the stages of a follower.
    static let waitingBytesMax = 8 << 20
    /// Of messages to all followers that they have not taken yet: each may have its share of it.
    private static let queuedBytesMax = 128 << 20
    /// A follower that takes nothing for so long is dropped.
    private static let patienceNs: Int64 = 10_000_000_000
    private static let restNs: Int64 = 1_000_000_000

    /// A follower on its way to the hub's thread.
    struct Newcomer: Sendable {
        let socket: WebSocket
        let tail: LogTail
        let selector: LogSelector
        /// What was told before the tail began, which it may tell again.
        let told: [ResultLine]
    }

    private struct State {
        var newcomers: [Newcomer] = []
        var isWoken = false
        var isStopping = false
        var streams: [EventStream] = []
    }

    private let state = Monitor(State())
    private let thread = Lock<OwnedThread?>(nil)
    let dropped: Counter
    let followersDropped: Counter

    package init(registry: Registry, time: any TimeSource) throws(SystemError) {
        dropped = registry.counter(
            "obs_log_tail_entries_dropped_total", "Entries that followers of logs were too slow to take.")
        followersDropped = registry.counter(
            "obs_log_tail_followers_dropped_total", "Followers of logs that were given up because they took nothing.")
        let thread = try OwnedThread(name: "log-tail") { [self] in run(time) }
        self.thread.withLock { $0 = thread }
    }

    func add(_ newcomer: Newcomer) {
        state.withLock { $0.newcomers.append(newcomer) }
        wake()
    }

    /// On the loop's thread.
    func noteClosed(_ close: WebSocketClose) {
        if close == .tooSlow { followersDropped.add() }
        wake()
    }

    func wake() {
        state.withLock { $0.isWoken = true }
        state.wakeAll()
    }

    /// Begins a stream of events; false where there are too many.
    func stream(_ pending: PendingResponse, _ tail: LogTail, _ selector: LogSelector, told: [ResultLine]) -> Bool {
        let isFree = state.withLock { state in
            for stream in state.streams where stream.isDone { stream.join() }
            state.streams.removeAll { $0.isDone }
            return state.streams.count < Self.streamsMax && !state.isStopping
        }
        guard isFree, let stream = EventStream(pending, tail, selector, told: told, dropped) else { return false }
        state.withLock { $0.streams.append(stream) }
        return true
    }

    /// Ends all followers. After the server has stopped taking requests.
    package func stop() {
        let streams = state.withLock { state in
            state.isStopping = true
            return state.streams
        }
        state.wakeAll()
        for stream in streams { stream.end() }
        thread.withLock { $0 }?.join()
    }

    // MARK: the hub's thread

    private final class Follower {
        let socket: WebSocket
        let tail: LogTail
        let pipeline: TailPipeline
        var repeated: RepeatedLines
        var dropped = 0
        /// What the socket had no room for yet, and since when.
        var message: [UInt8]?
        var blockedSinceNs: Int64?

        init(_ newcomer: Newcomer) {
            socket = newcomer.socket
            tail = newcomer.tail
            pipeline = TailPipeline(newcomer.selector)
            repeated = RepeatedLines(newcomer.told)
        }
    }

    private func run(_ time: any TimeSource) {
        var followers: [Follower] = []
        var block = LogBlock()
        while true {
            let woken = state.wait(atMostNs: Self.restNs) { state -> (newcomers: [Newcomer], isStopping: Bool)? in
                guard state.isWoken || state.isStopping else { return nil }
                state.isWoken = false
                defer { state.newcomers = [] }
                return (state.newcomers, state.isStopping)
            }
            followers += (woken?.newcomers ?? []).map(Follower.init)
            let isStopping = woken?.isStopping ?? false
            let share = Self.queuedBytesMax / max(1, followers.count)
            followers.removeAll { follower in
                let goesOn = !isStopping && serve(follower, share, &block, nowNs: time.monotonicNs)
                if !goesOn { follower.tail.close() }
                return !goesOn
            }
            if isStopping { return }
        }
    }

    /// Sends a follower what came; false where it is to go. While it takes nothing, what comes waits in its tail.
    private func serve(_ follower: Follower, _ share: Int, _ block: inout LogBlock, nowNs: Int64) -> Bool {
        if follower.socket.isClosed { return false }
        if let message = follower.message {
            if !send(message, to: follower, share, nowNs) { return false }
            if follower.message != nil { return true }
        }
        while follower.message == nil, follower.tail.next(into: &block, waitMs: 0) {
            let lines = follower.repeated.without(follower.pipeline.lines(of: block))
            note(follower.tail.takeDropped(), follower)
            if lines.isEmpty { continue }
            let message = TailMessage.json(lines, dropped: follower.dropped)
            follower.dropped = 0
            if !send(message, to: follower, share, nowNs) { return false }
        }
        return true
    }

    /// - Returns: false where the follower is to go.
    private func send(_ message: [UInt8], to follower: Follower, _ share: Int, _ nowNs: Int64) -> Bool {
        switch follower.socket.send(message.span, as: .text, share: share) {
        case .queued: (follower.message, follower.blockedSinceNs) = (nil, nil)
        case .full:
            let since = follower.blockedSinceNs ?? nowNs
            (follower.message, follower.blockedSinceNs) = (message, since)
            guard nowNs - since > Self.patienceNs else { return true }
            note(follower.tail.takeDropped(), follower)
            followersDropped.add()
            follower.socket.close(
                WebSocketClose(1013, "too slow: \(follower.dropped) entries were dropped; ask for fewer"))
            return false
        case .closed: return false
        }
        return true
    }

    private func note(_ count: Int, _ follower: Follower) {
        if count == 0 { return }
        follower.dropped += count
        dropped.add(count)
    }
}

/// What was told from the store and comes once more by a tail that began before the store was asked.
struct RepeatedLines {
    private struct Key: Hashable {
        var ns: Int64
        var labels: [UInt8]
        var line: [UInt8]

        init(_ line: ResultLine) {
            ns = line.timestampNs
            labels = line.labels.bytes
            self.line = line.line
        }
    }

    private var counts: [Key: Int] = [:]

    init(_ told: [ResultLine]) {
        for line in told { counts[Key(line), default: 0] += 1 }
    }

    /// The lines that were not told yet. The first ones that come are the only ones that may be repeated.
    mutating func without(_ lines: [ResultLine]) -> [ResultLine] {
        guard !counts.isEmpty else { return lines }
        var left: [ResultLine] = []
        for line in lines {
            let key = Key(line)
            if let count = counts[key], count > 0 {
                counts[key] = count - 1
            } else {
                left.append(line)
            }
        }
        return left
    }
}

/// What followers are sent: entries by stream, and how many they have missed.
enum TailMessage {
    static func json(_ lines: [ResultLine], dropped: Int) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("streams")
        LokiResultJSON.streams(lines, isCategorized: false, &writer)
        if dropped > 0 {
            writer.name("dropped_entries")
            writer.beginArray()
            writer.beginObject()
            writer.name("labels")
            writer.beginObject()
            writer.endObject()
            writer.member("timestamp", String(lines.first?.timestampNs ?? 0))
            writer.member("count", dropped)
            writer.endObject()
            writer.endArray()
        }
        writer.endObject()
        return writer.bytes
    }
}

/// A follower by server-sent events, with its thread.
final class EventStream: Sendable {
    private let tail: LogTail
    private let done = Lock(false)
    private let thread = Lock<OwnedThread?>(nil)

    private static let waitMs = 1000

    /// Nil where no thread can be had.
    init?(_ pending: PendingResponse, _ tail: LogTail, _ selector: LogSelector, told: [ResultLine], _ dropped: Counter)
    {
        self.tail = tail
        do throws(SystemError) {
            let thread = try OwnedThread(name: "log-events") { [self] in
                run(pending, selector, told, dropped)
                done.withLock { $0 = true }
            }
            self.thread.withLock { $0 = thread }
        } catch {
            return nil
        }
    }

    var isDone: Bool { done.withLock { $0 } }

    func join() { thread.withLock { $0 }?.join() }

    func end() {
        tail.close()
        join()
    }

    private func run(
        _ pending: PendingResponse, _ selector: LogSelector, _ told: [ResultLine], _ dropped: Counter
    ) {
        // A comment, which tells both sides that the other one is there.
        let beat = Array(": \n\n".utf8)
        var repeated = RepeatedLines(told)
        let pipeline = TailPipeline(selector)
        var block = LogBlock()
        pending.begin(.ok, contentType: "text/event-stream")
        if !told.isEmpty, !Self.send(told, dropped: 0, pending) { return tail.close() }
        while !tail.isClosed {
            let isAny = tail.next(into: &block, waitMs: Self.waitMs)
            let lost = tail.takeDropped()
            if lost > 0 { dropped.add(lost) }
            let lines = isAny ? repeated.without(pipeline.lines(of: block)) : []
            let isRead =
                lines.isEmpty
                ? pending.write(beat.span, flushes: true) : Self.send(lines, dropped: lost, pending)
            if !isRead { break }
        }
        tail.close()
        pending.finish()
    }

    private static func send(_ lines: [ResultLine], dropped: Int, _ pending: PendingResponse) -> Bool {
        let event = Array("data: ".utf8) + TailMessage.json(lines, dropped: dropped) + Array("\n\n".utf8)
        return pending.write(event.span, flushes: true)
    }
}
