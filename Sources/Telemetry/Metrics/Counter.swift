import Posix
package import Synchronization

/// A number that only grows. `add` is one atomic addition.
package final class Counter: Metric {
    @usableFromInline let value = Atomic<UInt64>(0)
    private let unit: MetricUnit
    private let time: any TimeSource
    private let exemplar = Lock<Exemplar?>(nil)

    init(unit: MetricUnit, time: any TimeSource) {
        self.unit = unit
        self.time = time
    }

    /// Adds `amount`: a count, bytes, or nanoseconds as the unit says.
    @inlinable
    package func add(_ amount: Int = 1) {
        precondition(amount >= 0, "BUG: a counter cannot go down")
        value.wrappingAdd(UInt64(amount), ordering: .relaxed)
    }

    /// Adds `amount` and keeps the trace as the counter's exemplar. It takes a lock: for sampled requests only.
    package func add(_ amount: Int = 1, exemplarOf trace: TraceContext) {
        add(amount)
        let example = Exemplar(
            labels: trace.exemplarLabels, value: unit.shown(Double(amount)), wallMs: time.wallMs)
        exemplar.withLock { $0 = example }
    }

    /// The raw total: nanoseconds where the unit is seconds.
    package var total: UInt64 { value.load(ordering: .relaxed) }

    package var reading: MetricReading {
        .number(unit.shown(Double(total)), exemplar: exemplar.withLock { $0 })
    }
}
