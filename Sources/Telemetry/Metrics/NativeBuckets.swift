import Glibc
import Synchronization

/// The exponential buckets of a native histogram: bucket `i` holds values in (b^(i-1), b^i] with b = 2^(2^-schema).
///
/// Observations are integers (nanoseconds shown as seconds, bytes, counts), so the powers of two that can occur are
/// known, and each gets its row of `2^schema` cells when the first value falls into it: an addition stays one atomic
/// operation without a lock, and a histogram that spans ten powers of two costs ten rows.
final class NativeBuckets: Sendable {
    /// More non-empty buckets than this are shown at a coarser schema, as Prometheus' clients do.
    static let shownBucketsMax = 160
    /// From 2^-31 (below a nanosecond in seconds) to 2^64.
    private static let lowestPower = -31
    private static let powers = 96

    let schema: Int
    private let rowLength: Int
    /// 2^(i / rowLength): where the row's buckets end within one power of two, without the last.
    private let ends: [Double]
    private let rows: InlineArray<96, AtomicLazyReference<AtomicCells>>
    private let zeros = Atomic<UInt64>(0)

    init(schema: Int) {
        precondition((0...8).contains(schema), "BUG: the schema of a native histogram is 0 to 8")
        self.schema = schema
        rowLength = 1 << schema
        ends = (0..<rowLength).map { exp2(Double($0) / Double(1 << schema)) }
        rows = InlineArray { _ in AtomicLazyReference() }
    }

    /// `shown` is the value in the unit that readers see.
    func add(_ shown: Double) {
        guard shown > 0 else {
            zeros.wrappingAdd(1, ordering: .relaxed)
            return
        }
        // Counted from the bucket below, so that an exact power of two is the last of its row, not the first.
        let position = bucket(of: shown) - 1
        row(position >> schema).add(1, at: position & (rowLength - 1))
    }

    private func bucket(of value: Double) -> Int {
        let significand = value.significand
        var low = 0
        var high = rowLength
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] >= significand { high = middle } else { low = middle + 1 }
        }
        return low + (Int(value.exponent) << schema)
    }

    private func row(_ power: Int) -> AtomicCells {
        let index = power - Self.lowestPower
        return rows[index].load() ?? rows[index].storeIfNil(AtomicCells(count: rowLength))
    }

    var reading: NativeReading {
        var buckets: [NativeReading.Bucket] = []
        for index in 0..<Self.powers {
            guard let row = rows[index].load() else { continue }
            let first = ((index + Self.lowestPower) << schema) + 1
            for cell in 0..<rowLength {
                let count = row.load(cell)
                if count > 0 { buckets.append(NativeReading.Bucket(index: first + cell, count: count)) }
            }
        }
        var reading = NativeReading(
            schema: schema, zeroCount: zeros.load(ordering: .relaxed), buckets: buckets)
        while reading.buckets.count > Self.shownBucketsMax { reading.coarsen() }
        return reading
    }
}

/// What a native histogram holds at one moment.
package struct NativeReading: Sendable, Equatable {
    /// A bucket that is not empty.
    package struct Bucket: Sendable, Equatable {
        package let index: Int
        package let count: UInt64
    }

    package private(set) var schema: Int
    package let zeroCount: UInt64
    /// In the order of their index.
    package private(set) var buckets: [Bucket]

    /// Joins each pair of neighbours, which is what one schema less means.
    mutating func coarsen() {
        schema -= 1
        var joined: [Bucket] = []
        for bucket in buckets {
            let index = (bucket.index + 1) >> 1
            if let last = joined.last, last.index == index {
                joined[joined.count - 1] = Bucket(index: index, count: last.count + bucket.count)
            } else {
                joined.append(Bucket(index: index, count: bucket.count))
            }
        }
        buckets = joined
    }
}
