/// What a sender tells of a metric family, apart from its samples.
package struct MetricMetadata: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case unknown, counter, gauge, summary, histogram, gaugehistogram, info, stateset
    }

    package var family: String
    package var kind: Kind
    package var help: String
    package var unit: String

    package init(family: String, kind: Kind, help: String = "", unit: String = "") {
        self.family = family
        self.kind = kind
        self.help = help
        self.unit = unit
    }
}
