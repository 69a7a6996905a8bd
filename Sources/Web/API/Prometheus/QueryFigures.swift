import Posix
import PromQL
import Telemetry

/// What is measured of queries: `obs_query_...`.
struct QueryFigures: Sendable {
    let refused: Counter
    let slow: Counter
    private let ended: Family<Counter>
    private let samplesRead: Counter
    private let durations: Histogram

    init(_ registry: Registry, _ running: RunningQueries, _ memory: QueryMemory) {
        refused = registry.counter(
            "obs_query_refused_total", "Queries that were refused because too many wait or run.")
        slow = registry.counter("obs_query_slow_total", "Queries that were logged because they took long.")
        ended = registry.counters("obs_query_total", "Queries that ended, by result.", labels: ["result"])
        samplesRead = registry.counter("obs_query_samples_read_total", "Samples that queries read from the store.")
        durations = registry.histogram(
            "obs_query_duration_seconds", "From the coming of a query to the end of its answer.", unit: .seconds,
            buckets: .latency)
        registry.callbacks(
            "obs_query_live", "Queries that wait, run or send their answer.", labels: ["state"]
        ) {
            [RunningQueries.State.waiting, .running, .sending].map {
                CallbackValue([$0.rawValue], Double(running.count($0)))
            }
        }
        registry.callback("obs_query_memory_bytes", "Memory that queries hold, as far as it is counted.", unit: .bytes)
        {
            Double(memory.heldBytes)
        }
        registry.callback("obs_query_memory_limit_bytes", "Memory that all queries may hold.", unit: .bytes) {
            Double(memory.limitBytes)
        }
    }

    func note(_ failure: QueryError?, tookNs: Int64, _ progress: QueryProgress) {
        ended.with(failure?.kind.name ?? "success").add()
        samplesRead.add(progress.samplesRead)
        durations.observe(Int(tookNs))
    }
}
