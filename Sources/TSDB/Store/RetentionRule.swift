package import Model

/// How long the samples of the series that satisfy all matchers are kept.
package struct RetentionRule: Sendable {
    package var matchers: [Matcher]
    package var retentionMs: Int64

    package init(matchers: [Matcher], retentionMs: Int64) {
        self.matchers = matchers
        self.retentionMs = retentionMs
    }
}
