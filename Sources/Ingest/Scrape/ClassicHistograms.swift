import Encoding
import Model

/// `convert_classic_histograms_to_nhcb`: buckets, sums and counts become native histograms with the same bounds, as
/// Prometheus' parser makes them.
struct ClassicHistograms {
    fileprivate struct Found {
        /// Name and labels as text of a page.
        var series: [UInt8]
        var buckets: [(bound: Double, count: Double)] = []
        var sum = 0.0
        var count: Double?
        var timestampMs: Int64?
        var startTimestampMs: Int64
        var exemplars: [ExpositionPage.Exemplar] = []
    }

    private var found: [Found] = []
    private var places: [Labels: Int] = [:]
    private var builder = LabelsBuilder()

    /// - Parameter keepsClassic: whether the page keeps the series that a histogram was made of.
    static func convert(
        _ page: inout ExpositionPage, isOpenMetrics: Bool, keepsClassic: Bool
    ) throws(ExpositionError) {
        var histograms = ClassicHistograms()
        var kept: [ExpositionPage.Row] = []
        var native: Set<Labels> = []
        for row in page.rows {
            if row.kind != .histogram {
                kept.append(row)
            } else if row.histogram >= 0 {
                native.insert(try histograms.labels(of: row, in: page, isOpenMetrics))
                kept.append(row)
            } else {
                let isPart = try histograms.add(row, in: page, isOpenMetrics)
                if keepsClassic || !isPart { kept.append(row) }
            }
        }
        page.rows = kept
        for (labels, place) in histograms.places.sorted(by: { $0.value < $1.value }) where !native.contains(labels) {
            histograms.found[place].write(to: &page)
        }
    }

    private mutating func labels(
        of row: ExpositionPage.Row, in page: ExpositionPage, _ isOpenMetrics: Bool
    ) throws(ExpositionError) -> Labels {
        builder.removeAll()
        var reader = ExpositionReader(page.text.span.extracting(row.series), isOpenMetrics: isOpenMetrics)
        reader.kind = row.kind
        try reader.readSeriesAlone()
        reader.write(into: &builder)
        return builder.labels()
    }

    /// False where the row is no part of a histogram of the family that its TYPE is about.
    private mutating func add(
        _ row: ExpositionPage.Row, in page: ExpositionPage, _ isOpenMetrics: Bool
    ) throws(ExpositionError) -> Bool {
        let labels = try labels(of: row, in: page, isOpenMetrics)
        let name = labels[Labels.metricName]
        guard row.family >= 0, name.hasPrefix(page.metadata[row.family].family) else { return false }
        let family = page.metadata[row.family].family
        switch name.dropFirst(family.count) {
        case "_bucket":
            guard let bound = FloatReading.float(labels["le"]), !bound.isNaN else { return false }
            builder.remove("le")
            let place = place(family, row)
            found[place].buckets.append((bound, row.value))
            found[place].exemplars += page.exemplars[row.exemplars]
        case "_sum": found[place(family, row)].sum = row.value
        case "_count": found[place(family, row)].count = row.value
        default: return false
        }
        return true
    }

    /// Of the histogram whose labels are in the builder, but for the name.
    private mutating func place(_ family: String, _ row: ExpositionPage.Row) -> Int {
        builder.set(Labels.metricName, family)
        let labels = builder.labels()
        if let known = places[labels] { return known }
        var series = Array("{\"".utf8)
        ExpositionText.escape(family.utf8.span, appendingTo: &series)
        series.append(UInt8(ascii: "\""))
        for (name, value) in labels.pairs where name != Labels.metricName {
            ExpositionText.append(label: name.utf8.span, value.utf8.span, to: &series)
        }
        series.append(UInt8(ascii: "}"))
        places[labels] = found.count
        found.append(Found(series: series, timestampMs: row.timestampMs, startTimestampMs: row.startTimestampMs))
        return found.count - 1
    }
}

extension ClassicHistograms.Found {
    /// Appends the histogram; nothing where the buckets are none of one.
    func write(to page: inout ExpositionPage) {
        guard let native else { return }
        page.histograms.append(native)
        let firstExemplar = page.exemplars.count
        page.exemplars += exemplars.filter { $0.timestampMs != nil }
        page.rows.append(
            ExpositionPage.Row(
                series: page.text.count..<page.text.count + series.count, value: 0, timestampMs: timestampMs,
                startTimestampMs: startTimestampMs, histogram: page.histograms.count - 1,
                exemplars: firstExemplar..<page.exemplars.count, kind: .histogram))
        page.text += series
    }

    /// Nil where counts fall from bucket to bucket, or the last of them is not the count.
    private var native: NativeHistogram? {
        var buckets: [(bound: Double, count: Double)] = []
        for bucket in self.buckets.sorted(by: { $0.bound < $1.bound }) where buckets.last?.bound != bucket.bound {
            buckets.append(bucket)
        }
        guard let count = count ?? buckets.last?.count else { return nil }
        if buckets.last?.bound != .infinity { buckets.append((.infinity, count)) }
        var counts: [Double] = []
        var below = 0.0
        for bucket in buckets {
            guard bucket.count >= below else { return nil }
            counts.append(bucket.count - below)
            below = bucket.count
        }
        guard below == count else { return nil }
        let whole = counts.compactMap { UInt64(exactly: $0) }
        return NativeHistogram(
            schema: NativeHistogram.customBoundsSchema, sum: sum,
            counts: whole.count == counts.count
                ? .integer(count: whole.reduce(0, &+), zero: 0, positive: whole, negative: [])
                : .float(count: count, zero: 0, positive: counts, negative: []),
            positiveSpans: [.init(offset: 0, length: UInt32(counts.count))],
            customBounds: buckets.dropLast().map(\.bound))
    }
}
