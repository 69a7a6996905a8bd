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
    }

    package struct Refusal: Sendable {
        package var reason: Reason
        /// The series as text, and what was wrong.
        package var sentence: String

        package init(reason: Reason, sentence: String) {
            self.reason = reason
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

    package mutating func refuse(_ reason: Reason, samples: Int, _ sentence: @autoclosure () -> String) {
        refused[reason.rawValue] += samples
        if refusals.count < Self.refusalsNamedMax { refusals.append(Refusal(reason: reason, sentence: sentence())) }
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
