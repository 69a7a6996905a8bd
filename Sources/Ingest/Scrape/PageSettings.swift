package import Model

/// How the pages of one target are read.
package struct PageSettings: Sendable {
    /// A page that says nothing else is bounded like this, before and after decompression.
    static let bodyBytesMaxDefault = 256 << 20

    private(set) var job = ""
    private(set) var honorsLabels = true
    private(set) var honorsTimestamps = true
    private(set) var tracksTimestampStaleness = false
    private(set) var limits = ScrapeLimits()
    private(set) var fallback: ScrapeProtocol?
    private(set) var metricRules: [RelabelRule] = []
    private(set) var validation = NameValidation.utf8
    private(set) var histograms = ProtobufExposition.Histograms(native: false, alwaysClassic: false)
    /// Whether classic histograms become native ones with their bounds.
    private(set) var convertsClassic = false
    /// Zero is no limit.
    private(set) var histogramBuckets = 0
    /// The finest schema that the least factor between buckets allows.
    private(set) var histogramSchemaMax = NativeHistogram.schema(minFactor: 0)
    private(set) var extraMetrics = false
    private(set) var timeoutMs: Int64 = 0
    /// What the series of the target get.
    let labels: Labels

    /// Pages that are made in this process: their own labels stay.
    package init(ownPagesOf labels: Labels) { self.labels = labels }

    /// - Parameter target: all of the target's labels.
    package init(_ options: ScrapeOptions, _ target: Labels) {
        func flag(_ name: String, _ fallback: Bool) -> Bool {
            switch target[name] {
            case "true", "1", "t", "T", "TRUE", "True": true
            case "false", "0", "f", "F", "FALSE", "False": false
            default: fallback
            }
        }
        job = options.job
        honorsLabels = options.honorsLabels
        honorsTimestamps = options.honorsTimestamps
        tracksTimestampStaleness = options.tracksTimestampStaleness
        limits = options.limits
        fallback = options.fallbackProtocol
        metricRules = options.metricRules
        validation = options.validation
        histograms = ProtobufExposition.Histograms(
            native: flag("__scrape_native_histograms__", options.nativeHistograms),
            alwaysClassic: flag("__always_scrape_classic_histograms__", options.alwaysScrapesClassicHistograms))
        convertsClassic = flag("__convert_classic_histograms_to_nhcb__", options.convertsClassicHistograms)
        histogramBuckets = options.nativeHistogramBuckets
        histogramSchemaMax = NativeHistogram.schema(minFactor: options.nativeHistogramMinBucketFactor)
        extraMetrics = options.extraMetrics
        timeoutMs = options.timeoutMs
        labels = Labels(target.pairs.filter { !$0.name.hasPrefix("__") })
    }

    static func bodyBytesMax(_ options: ScrapeOptions) -> Int {
        options.limits.bodyBytes > 0 ? Int(options.limits.bodyBytes) : bodyBytesMaxDefault
    }

    /// Whether labels come out as they did for `other`, so that a cache of series can be kept.
    func makesLabels(of other: PageSettings) -> Bool {
        honorsLabels == other.honorsLabels && metricRules == other.metricRules && validation == other.validation
            && labels == other.labels && limits.labels == other.limits.labels
            && limits.labelNameBytes == other.limits.labelNameBytes
            && limits.labelValueBytes == other.limits.labelValueBytes
    }
}
