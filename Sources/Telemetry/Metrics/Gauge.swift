package import Synchronization

/// A number that goes up and down. `set` and `add` are one atomic operation.
///
/// It holds an integer; what is a fraction (a ratio, a load) is read by a callback instead.
package final class Gauge: Metric {
    @usableFromInline let value = Atomic<Int>(0)
    private let unit: MetricUnit

    init(unit: MetricUnit) {
        self.unit = unit
    }

    /// A count, bytes, or nanoseconds as the unit says.
    @inlinable
    package func set(_ newValue: Int) {
        value.store(newValue, ordering: .relaxed)
    }

    @inlinable
    package func add(_ amount: Int = 1) {
        value.wrappingAdd(amount, ordering: .relaxed)
    }

    @inlinable
    package func subtract(_ amount: Int = 1) {
        value.wrappingSubtract(amount, ordering: .relaxed)
    }

    package var current: Int { value.load(ordering: .relaxed) }

    package var reading: MetricReading { .number(unit.shown(Double(current)), exemplar: nil) }
}
