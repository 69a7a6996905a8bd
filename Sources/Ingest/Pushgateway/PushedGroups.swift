import Encoding
import Model
import Posix
import Storage

/// Every group that was pushed. As a Pushgateway is scraped again and again, what it holds is written again and again,
/// so that a series lives as long as its group.
final class PushedGroups: Sendable {
    private struct State: Sendable {
        var groups: [Labels: PushedGroup] = [:]
        /// What was written last, to tell what has gone.
        var written: [Labels: Set<Labels>] = [:]
        var worker: BackgroundWorker?
        var dueNs: Int64 = 0
    }

    /// As often as a Pushgateway would be scraped by default.
    static let intervalMs: Int64 = 15_000
    static let groupsMax = 10_000
    static let samplesMax = 1_000_000

    private let state = Lock(State())
    private let intake: MetricIntake
    private let keySeed: Hash128
    private let time: any TimeSource

    init(_ intake: MetricIntake, keySeed: Hash128, time: any TimeSource) {
        (self.intake, self.keySeed, self.time) = (intake, keySeed, time)
    }

    deinit { state.withLock { $0.worker }?.stop() }

    /// Takes a page and writes the group at once. Nil where all went well.
    func push(_ page: PushedPage, to key: Labels, replacesAll: Bool) throws(StorageError) -> String? {
        let nowMs = time.wallMs
        let refusal = state.withLock { state -> String? in
            var group = state.groups[key] ?? PushedGroup(key: key)
            if state.groups[key] == nil, state.groups.count >= Self.groupsMax {
                return "there are \(Self.groupsMax) groups, which is the limit: delete those that are over"
            }
            let others = state.groups.values.reduce(0) { $0 + $1.count } - group.count
            guard others + page.count <= Self.samplesMax else {
                return "the groups would hold more than \(Self.samplesMax) samples, which is the limit"
            }
            group.push(page, replacesAll: replacesAll, atMs: nowMs)
            state.groups[key] = group
            return nil
        }
        if let refusal { return refusal }
        startWriting()
        let outcome = try write([key], atMs: nowMs)
        return outcome.refusedTotal == 0 ? nil : outcome.sentence
    }

    /// Notes a page that could not be read.
    func fail(_ key: Labels) {
        state.withLock { state in
            var group = state.groups[key] ?? PushedGroup(key: key)
            guard state.groups[key] != nil || state.groups.count < Self.groupsMax else { return }
            group.fail(atMs: time.wallMs)
            state.groups[key] = group
        }
    }

    /// Ends the series of a group.
    func delete(_ key: Labels) throws(StorageError) {
        state.withLock { $0.groups[key] = nil }
        _ = try write([key], atMs: time.wallMs)
    }

    /// Writes groups as they are now; what they had and have no more becomes stale.
    private func write(_ keys: [Labels], atMs: Int64) throws(StorageError) -> AppendOutcome {
        var batch = LabelledBatch(keySeed: keySeed)
        state.withLock { state in
            for key in keys {
                let written = Set(state.groups[key]?.add(atMs: atMs, to: &batch) ?? [])
                for gone in (state.written[key] ?? []).subtracting(written) {
                    batch.add(gone, StaleMarker.value, atMs: atMs)
                }
                state.written[key] = written.isEmpty ? nil : written
            }
        }
        return try batch.take(by: intake)
    }

    private func startWriting() {
        state.withLock { state in
            guard state.worker == nil else { return }
            state.dueNs = time.monotonicNs + Self.intervalMs * 1_000_000
            // Without a thread what is pushed is still written once.
            let step: @Sendable (() -> Bool) -> Bool = { [weak self] _ in
                self?.writeAll()
                return false
            }
            state.worker = try? BackgroundWorker(  // see above
                name: "pushgateway", intervalNs: 1_000_000_000, step: step)
        }
    }

    private func writeAll() {
        let nowNs = time.monotonicNs
        let keys = state.withLock { state -> [Labels] in
            guard nowNs >= state.dueNs else { return [] }
            state.dueNs = nowNs + Self.intervalMs * 1_000_000
            return Array(state.groups.keys)
        }
        guard !keys.isEmpty else { return }
        // Counted by the intake; the next turn writes again.
        _ = try? write(keys, atMs: time.wallMs)  // see above
    }
}
