/// One native histogram: exponential buckets, or custom bounds where `schema` is -53.
///
/// Bucket counts are absolute, not deltas, in the order of the spans. Integer histograms keep their counts as
/// integers, so that what was sent is given back exactly.
package struct NativeHistogram: Sendable, Equatable {
    /// A run of consecutive buckets: `offset` skips buckets since the end of the span before (or from index 0).
    package struct Span: Sendable, Equatable {
        package var offset: Int32
        package var length: UInt32

        package init(offset: Int32, length: UInt32) {
            self.offset = offset
            self.length = length
        }
    }

    package enum CounterResetHint: UInt8, Sendable {
        case unknown, reset, notReset, gauge
    }

    package enum Counts: Sendable, Equatable {
        case integer(count: UInt64, zero: UInt64, positive: [UInt64], negative: [UInt64])
        case float(count: Double, zero: Double, positive: [Double], negative: [Double])
    }

    /// The schema that says that `customBounds` are the upper bounds of the positive buckets.
    package static let customBoundsSchema: Int32 = -53

    package var schema: Int32
    package var counterResetHint: CounterResetHint
    package var zeroThreshold: Double
    package var sum: Double
    package var counts: Counts
    package var positiveSpans: [Span]
    package var negativeSpans: [Span]
    package var customBounds: [Double]

    package init(
        schema: Int32, counterResetHint: CounterResetHint = .unknown, zeroThreshold: Double = 0, sum: Double,
        counts: Counts, positiveSpans: [Span] = [], negativeSpans: [Span] = [], customBounds: [Double] = []
    ) {
        self.schema = schema
        self.counterResetHint = counterResetHint
        self.zeroThreshold = zeroThreshold
        self.sum = sum
        self.counts = counts
        self.positiveSpans = positiveSpans
        self.negativeSpans = negativeSpans
        self.customBounds = customBounds
    }
}
