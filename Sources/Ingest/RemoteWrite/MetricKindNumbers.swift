import Model

/// Kinds of families as both versions of remote_write number them.
extension MetricMetadata.Kind {
    private static let numbered: [MetricMetadata.Kind] = [
        .unknown, .counter, .gauge, .histogram, .gaugehistogram, .summary, .info, .stateset,
    ]

    /// A number that means nothing is an unknown kind.
    init(wireNumber: UInt64) {
        self = wireNumber < UInt64(Self.numbered.count) ? Self.numbered[Int(wireNumber)] : .unknown
    }

    var wireNumber: UInt64 { UInt64(Self.numbered.firstIndex(of: self) ?? 0) }
}
