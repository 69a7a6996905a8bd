/// Metrics of OpenTelemetry as both of their forms, protobuf and JSON, bring them.
package struct OTLPResource: Sendable, Equatable {
    package var attributes: [OTLPAttribute] = []
    package var scopes: [OTLPScope] = []

    package init() {}
}

package struct OTLPAttribute: Sendable, Equatable {
    package var name: String
    /// As text, whatever its type was; lists and maps as JSON.
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

package struct OTLPScope: Sendable, Equatable {
    package var name = ""
    package var version = ""
    package var schemaURL = ""
    package var attributes: [OTLPAttribute] = []
    package var metrics: [OTLPMetric] = []

    package init() {}
}

package struct OTLPMetric: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case gauge, sum, histogram, exponentialHistogram, summary
    }

    package var name = ""
    package var description = ""
    package var unit = ""
    package var kind = Kind.gauge
    /// Counts begin anew with each point.
    package var isDelta = false
    package var isMonotonic = false
    package var points: [OTLPPoint] = []

    package init() {}
}

/// A point of any kind; what its kind does not have stays as it is here.
package struct OTLPPoint: Sendable, Equatable {
    package struct Buckets: Sendable, Equatable {
        package var offset: Int32 = 0
        package var counts: [UInt64] = []

        package init() {}
    }

    package struct Exemplar: Sendable, Equatable {
        package var attributes: [OTLPAttribute] = []
        package var timeNs: UInt64 = 0
        package var value = 0.0
        /// In hexadecimal.
        package var traceID = ""
        package var spanID = ""

        package init() {}
    }

    package var attributes: [OTLPAttribute] = []
    package var startNs: UInt64 = 0
    package var timeNs: UInt64 = 0
    package var value = 0.0
    /// Bit 0: there is no value, the series has ended.
    package var flags: UInt64 = 0
    package var count: UInt64 = 0
    /// Nil where it was not kept.
    package var sum: Double?
    package var bounds: [Double] = []
    package var bucketCounts: [UInt64] = []
    package var scale: Int32 = 0
    package var zeroCount: UInt64 = 0
    package var zeroThreshold = 0.0
    package var positive = Buckets()
    package var negative = Buckets()
    package var quantiles: [(quantile: Double, value: Double)] = []
    package var exemplars: [Exemplar] = []

    package init() {}

    package var hasNoValue: Bool { flags & 1 == 1 }

    package static func == (a: OTLPPoint, b: OTLPPoint) -> Bool {
        a.attributes == b.attributes && a.startNs == b.startNs && a.timeNs == b.timeNs && a.value == b.value
            && a.flags == b.flags && a.count == b.count && a.sum == b.sum && a.bounds == b.bounds
            && a.bucketCounts == b.bucketCounts && a.scale == b.scale && a.zeroCount == b.zeroCount
            && a.zeroThreshold == b.zeroThreshold && a.positive == b.positive && a.negative == b.negative
            && a.quantiles.elementsEqual(b.quantiles, by: ==) && a.exemplars == b.exemplars
    }
}
