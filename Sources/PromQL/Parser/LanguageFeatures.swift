/// Which parts of the language beyond stock Prometheus are understood.
package struct LanguageFeatures: Sendable, Equatable {
    /// Functions and aggregations that Prometheus calls experimental.
    package var experimentalFunctions = true
    /// `[5m * 2]`, `offset (step())`.
    package var durationExpressions = true
    /// `anchored` and `smoothed`.
    package var rangeEdges = true
    /// `fill`, `fill_left`, `fill_right`.
    package var fillModifiers = true
    /// Keep a metric's name until the whole expression is done, then drop it where a function asked for it.
    package var delayedNameRemoval = true
    /// `rate`, `increase`, `irate` and `resets` look at start timestamps.
    package var startTimestamps = true
    /// `logs("<LogQL>")` selects the series of a query over logs.
    package var logSelectors = true
    /// Tell counters by the label `__type__` instead of the metric's name.
    package var typeAndUnitLabels = false

    /// Everything that there is.
    package static let all = LanguageFeatures()

    /// What a Prometheus 3.x without feature flags understands.
    package static let stock: LanguageFeatures = {
        var features = LanguageFeatures()
        features.experimentalFunctions = false
        features.rangeEdges = false
        features.fillModifiers = false
        features.delayedNameRemoval = false
        features.startTimestamps = false
        features.logSelectors = false
        return features
    }()
}
