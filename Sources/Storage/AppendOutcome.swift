/// What became of a batch. Refused samples are expected and only counted, with the first few named.
package struct AppendOutcome: Sendable {
    package enum Reason: Int, CaseIterable, Sendable {
        /// Older than the series' newest sample by more than the configured window.
        case outOfOrder
        /// Older than retention, or further in the future than the store takes.
        case outOfBounds
        /// Another value for a timestamp that the series has.
        case duplicate
        case tooManySeries
        case tooManyLabels
        case labelNameTooLong
        case labelValueTooLong
        /// Labels that are no labels: no name, a name twice, invalid UTF-8.
        case invalidLabels
        case invalidHistogram

        /// As metrics and answers name it.
        package var name: String {
            switch self {
            case .outOfOrder: "out_of_order"
            case .outOfBounds: "out_of_bounds"
            case .duplicate: "duplicate"
            case .tooManySeries: "too_many_series"
            case .tooManyLabels: "too_many_labels"
            case .labelNameTooLong: "label_name_too_long"
            case .labelValueTooLong: "label_value_too_long"
            case .invalidLabels: "invalid_labels"
            case .invalidHistogram: "invalid_histogram"
            }
        }
    }

    package struct Refusal: Sendable {
        package var reason: Reason
        /// Of the batch.
        package var series: Int
        /// What was wrong with it.
        package var sentence: String

        package init(reason: Reason, series: Int, sentence: String) {
            self.reason = reason
            self.series = series
            self.sentence = sentence
        }
    }

    /// How many refusals are told in words; the rest is only counted.
    package static let refusalsNamedMax = 10

    package var acceptedSamples = 0
    package var acceptedHistograms = 0
    package var acceptedExemplars = 0
    /// Samples and histograms refused, by `Reason.rawValue`.
    package private(set) var refused = [Int](repeating: 0, count: Reason.allCases.count)
    package private(set) var refusals: [Refusal] = []
    /// Indices of series whose reference the store no longer knows and that brought no labels. Nothing of them was
    /// taken: write their labels and append the same batch reduced to them.
    package var unresolved: [Int] = []

    package init() {}

    package var refusedTotal: Int { refused.reduce(0, +) }

    package mutating func refuse(
        _ reason: Reason, series: Int, samples: Int, _ sentence: @autoclosure () -> String
    ) {
        refused[reason.rawValue] += samples
        guard refusals.count < Self.refusalsNamedMax else { return }
        refusals.append(Refusal(reason: reason, series: series, sentence: sentence()))
    }

    /// Puts the name of the series before what was wrong with it.
    package mutating func nameRefusals(_ name: (_ series: Int) -> String) {
        for index in refusals.indices {
            refusals[index].sentence = "\(name(refusals[index].series)): \(refusals[index].sentence)"
        }
    }

    /// Adds what became of another batch.
    package mutating func add(_ other: AppendOutcome) {
        acceptedSamples += other.acceptedSamples
        acceptedHistograms += other.acceptedHistograms
        acceptedExemplars += other.acceptedExemplars
        for reason in refused.indices { refused[reason] += other.refused[reason] }
        refusals += other.refusals.prefix(Self.refusalsNamedMax - refusals.count)
        unresolved += other.unresolved
    }
}
