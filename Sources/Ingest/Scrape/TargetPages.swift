package import Encoding
import Model
package import Storage

/// The pages of one target on their way into the store, with what is remembered between them.
package struct TargetPages: Sendable {
    /// What became of a page.
    package struct Outcome: Sendable {
        /// Nil where all went well.
        package var error: String?
        var scraped = 0
        var kept = 0
        var seriesAdded = 0
        /// Refused one by one: duplicates, out of order, out of bounds.
        var refused = 0
        /// The first of them in words.
        var refusal: String?
        /// What was new or has changed of what the target tells of its families.
        var metadata: [MetricMetadata] = []
    }

    let settings: PageSettings
    private let intake: MetricIntake
    private let keySeed: Hash128
    private var labels: SampleLabels
    private var cache: SeriesCache
    private var round: UInt32
    /// Lines that counted for staleness on the page before, and those of them that this one has.
    private var trackedBefore: Int
    private var trackedStill = 0
    private var trackedNow = 0
    /// Series of a cache that could not be kept; those that the next page does not have are stale.
    private var inherited: [SampleBatch.Reference]
    private var reports: [ReportSeries]
    private var batch = SampleBatch()
    /// Where each series of the batch comes from.
    private var origins: [Origin] = []
    private var page = ExpositionPage()

    private enum Origin: Sendable {
        case line(Int32)
        case report(Int)
        case inherited
    }

    /// - Parameter before: the pages of the same target under settings that have changed.
    package init(_ settings: PageSettings, _ intake: MetricIntake, keySeed: Hash128, after before: TargetPages? = nil) {
        self.settings = settings
        self.intake = intake
        self.keySeed = keySeed
        labels = SampleLabels(settings)
        reports = ReportSeries.all(settings)
        if let before, before.settings.makesLabels(of: settings) {
            (cache, round, trackedBefore) = (before.cache, before.round, before.trackedBefore)
            inherited = before.inherited
        } else {
            (cache, round, trackedBefore) = (SeriesCache(), 1, 0)
            inherited = before?.trackedReferences ?? []
        }
    }

    /// The same target under these settings, going on with what `before` knows.
    func after(_ before: TargetPages) -> TargetPages {
        TargetPages(settings, intake, keySeed: keySeed, after: before)
    }

    private var trackedReferences: [SampleBatch.Reference] {
        inherited + cache.lines.filter { $0.isTracked(before: round) }.map(\.reference)
    }

    /// Takes a page: its samples, stale markers for what it lacks, and the series about the scrape itself.
    ///
    /// - Parameter elapsedNs: since the scrape began, asked once the page is read.
    package mutating func take(
        _ body: Span<UInt8>, _ format: ExpositionFormat, atMs: Int64, elapsedNs: () -> Int64
    ) throws(StorageError) -> Outcome {
        start()
        var outcome = Outcome()
        do throws(PageRefusal) {
            if format == .protobuf || settings.convertsClassic {
                try readPage(body, format, atMs, &outcome)
            } else {
                try readText(body, isOpenMetrics: format == .openMetrics, atMs, &outcome)
            }
            if settings.limits.samples > 0, outcome.kept > settings.limits.samples {
                throw PageRefusal("sample limit exceeded")
            }
        } catch {
            outcome.error = error.reason
            discard()
        }
        outcome.metadata = batch.metadata
        try finish(&outcome, atMs, bodyBytes: body.count, elapsedNs())
        return outcome
    }

    /// A scrape that brought no page: everything is stale, and the report says so.
    ///
    /// - Parameter bodyBytes: -1 where the page was too large.
    mutating func fail(
        _ reason: String, atMs: Int64, bodyBytes: Int, elapsedNs: Int64
    ) throws(StorageError) -> Outcome {
        start()
        var outcome = Outcome()
        outcome.error = reason
        try finish(&outcome, atMs, bodyBytes: bodyBytes, elapsedNs)
        return outcome
    }

    /// The target has gone: everything of it is stale, the report as well.
    package mutating func end(atMs: Int64) throws(StorageError) {
        start()
        markStale(atMs)
        for index in reports.indices where reports[index].reference != .unresolved {
            addReport(index, StaleMarker.value, atMs)
        }
        _ = try append()
        endRound()
    }

    private mutating func start() {
        batch.removeAll()
        origins.removeAll(keepingCapacity: true)
        cache.startPage()
        trackedStill = 0
        trackedNow = 0
    }

    /// Takes back what was read of a page that is refused.
    private mutating func discard() {
        batch.removeAll()
        origins.removeAll(keepingCapacity: true)
        for index in cache.lines.indices where cache.lines[index].seen == round {
            cache.lines[index].seen = 0
            if cache.lines[index].tracked == round {
                cache.lines[index].tracked = cache.lines[index].wasTracked ? round - 1 : 0
            }
        }
        trackedStill = 0
        trackedNow = 0
    }

    private mutating func finish(
        _ outcome: inout Outcome, _ atMs: Int64, bodyBytes: Int, _ elapsedNs: Int64
    ) throws(StorageError) {
        markStale(atMs)
        for index in reports.indices {
            let value: Double =
                switch reports[index].name {
                case .up: outcome.error == nil ? 1 : 0
                case .duration: Double(elapsedNs) / 1e9
                case .scraped: Double(outcome.scraped)
                case .kept: Double(outcome.kept)
                case .added: Double(outcome.seriesAdded)
                case .timeout: Double(settings.timeoutMs) / 1000
                case .sampleLimit: Double(settings.limits.samples)
                case .bodyBytes: Double(bodyBytes)
                }
            addReport(index, value, atMs)
        }
        let appended = try append()
        outcome.refused += appended.refusedTotal
        if outcome.refusal == nil { outcome.refusal = appended.refusals.first?.sentence }
        if outcome.error == nil { cache.forget(notOn: round) }
        endRound()
    }

    private mutating func endRound() {
        trackedBefore = trackedNow
        round += 1
    }
}

/// From the page to the batch.
extension TargetPages {
    private mutating func readText(
        _ body: Span<UInt8>, isOpenMetrics: Bool, _ atMs: Int64, _ outcome: inout Outcome
    ) throws(PageRefusal) {
        var reader = ExpositionReader(body, isOpenMetrics: isOpenMetrics)
        while true {
            if let line = cache.expectedLine(in: body, at: reader.position) {
                let role = cache.lines[Int(line)].role
                let before = reader.position
                reader.position += Int(cache.lines[Int(line)].count)
                if role == .comment {
                    reader.kind = cache.lines[Int(line)].kind
                    cache.lines[Int(line)].seen = round
                    cache.follow(line)
                    continue
                }
                if reader.readPlainValue() {
                    if addExpected(line, reader.value, atMs, &outcome) { continue }
                    try add(line, reader.value, nil, atMs, &outcome)
                    continue
                }
                reader.position = before
            }
            do throws(ExpositionError) {
                guard let entry = try reader.next() else { return }
                if entry == .series {
                    try addRead(reader, body, atMs, &outcome)
                } else {
                    noteComment(entry, reader, body)
                }
            } catch {
                throw PageRefusal("\(error)")
            }
        }
    }

    /// A series that was read, not recognised.
    private mutating func addRead(
        _ reader: borrowing ExpositionReader, _ body: Span<UInt8>, _ atMs: Int64, _ outcome: inout Outcome
    ) throws(ExpositionError) {
        let series = body.extracting(reader.series)
        do throws(PageRefusal) {
            let line = try line(of: series, kind: reader.kind, isOpenMetrics: reader.isOpenMetrics)
            try add(line, reader.value, reader.timestampMs, atMs, &outcome)
            guard let exemplar = reader.exemplar, case .line(line)? = origins.last,
                let labels = reader.exemplarLabels(exemplar)
            else { return }
            batch.exemplars.append(
                SampleBatch.Exemplar(
                    series: batch.series.count - 1, labels: labels, value: exemplar.value,
                    timestampMs: exemplar.timestampMs ?? batch.timestampsMs.last ?? atMs))
        } catch {
            throw reader.error(error.reason)
        }
    }

    /// Comments are lines like others, so that a page that has not changed is compared all through.
    private mutating func noteComment(
        _ entry: ExpositionReader.Item, _ reader: borrowing ExpositionReader, _ body: Span<UInt8>
    ) {
        let bytes = body.extracting(reader.start..<reader.position)
        if let known = cache.find(bytes) {
            cache.lines[Int(known)].seen = round
            return cache.follow(known)
        }
        guard let line = cache.add(bytes, .comment, kind: reader.kind, isOpenMetrics: reader.isOpenMetrics) else {
            return
        }
        cache.lines[Int(line)].seen = round
        cache.follow(line)
        reader.noteMetadata(entry, in: &batch.metadata)
    }

    private mutating func readPage(
        _ body: Span<UInt8>, _ format: ExpositionFormat, _ atMs: Int64, _ outcome: inout Outcome
    ) throws(PageRefusal) {
        let isOpenMetrics = format == .openMetrics
        page.removeAll()
        do throws(ExpositionError) {
            if format == .protobuf {
                var decoder = ProtobufExposition(settings.histograms)
                try decoder.read(body, into: &page)
            } else {
                try page.read(body, isOpenMetrics: isOpenMetrics)
            }
            if settings.convertsClassic {
                try ClassicHistograms.convert(
                    &page, isOpenMetrics: isOpenMetrics, keepsClassic: settings.histograms.alwaysClassic)
            }
        } catch {
            throw PageRefusal("\(error)")
        }
        var page = ExpositionPage()
        swap(&page, &self.page)
        defer { swap(&page, &self.page) }
        batch.metadata = page.metadata
        for row in page.rows {
            let line = try line(
                of: page.text.span.extracting(row.series), kind: row.kind, isOpenMetrics: isOpenMetrics)
            if row.histogram < 0 {
                try add(line, row.value, row.timestampMs, atMs, &outcome)
            } else {
                try add(line, page.histograms[row.histogram], row, atMs, &outcome)
            }
            guard !row.exemplars.isEmpty, case .line(line)? = origins.last else { continue }
            for exemplar in page.exemplars[row.exemplars] {
                batch.exemplars.append(
                    SampleBatch.Exemplar(
                        series: batch.series.count - 1, labels: exemplar.labels, value: exemplar.value,
                        timestampMs: exemplar.timestampMs ?? row.timestampMs ?? atMs))
            }
        }
    }

    /// The line with these bytes, added where it is new.
    private mutating func line(
        of series: Span<UInt8>, kind: MetricMetadata.Kind, isOpenMetrics: Bool
    ) throws(PageRefusal) -> Int32 {
        if let known = cache.find(series) { return known }
        guard let new = cache.add(series, .series, kind: kind, isOpenMetrics: isOpenMetrics) else {
            throw PageRefusal(
                "the names of the target's series take more than 2 GB: drop labels that change all the time")
        }
        return new
    }

    /// Adds the sample of a line that stands where it is expected, as most do. False where there is more to look at.
    @inline(__always)
    private mutating func addExpected(_ line: Int32, _ value: Double, _ atMs: Int64, _ outcome: inout Outcome) -> Bool {
        guard let (reference, wasTracked) = cache.pass(line, on: round) else { return false }
        outcome.scraped += 1
        outcome.kept += 1
        trackedNow += 1
        if wasTracked { trackedStill += 1 }
        let sample = batch.values.count
        batch.values.append(value)
        batch.timestampsMs.append(atMs)
        batch.series.append(
            SampleBatch.Series(key: Hash128(low: 0, high: 0), reference: reference, samples: sample..<sample + 1))
        origins.append(.line(line))
        return true
    }

    /// Adds a sample of a line, or counts it as dropped or twice there.
    @inline(__always)
    private mutating func add(
        _ line: Int32, _ value: Double, _ ownTimestampMs: Int64?, _ atMs: Int64, _ outcome: inout Outcome
    ) throws(PageRefusal) {
        let timestampMs = settings.honorsTimestamps ? ownTimestampMs : nil
        guard try admit(line, hasTimestamp: timestampMs != nil, &outcome) else { return }
        let sample = batch.values.count
        batch.values.append(value)
        batch.timestampsMs.append(timestampMs ?? atMs)
        batch.series[batch.series.count - 1].samples = sample..<sample + 1
    }

    private mutating func add(
        _ line: Int32, _ histogram: NativeHistogram, _ row: ExpositionPage.Row, _ atMs: Int64,
        _ outcome: inout Outcome
    ) throws(PageRefusal) {
        let timestampMs = settings.honorsTimestamps ? row.timestampMs : nil
        guard try admit(line, hasTimestamp: timestampMs != nil, &outcome) else { return }
        var value = histogram.coarsened(to: settings.histogramSchemaMax)
        if settings.histogramBuckets > 0 {
            guard let fitting = value.coarsened(toBuckets: settings.histogramBuckets) else {
                throw PageRefusal("histogram bucket limit exceeded")
            }
            value = fitting
        }
        batch.histograms.append(
            SampleBatch.Histogram(
                timestampMs: timestampMs ?? atMs, startTimestampMs: row.startTimestampMs, value: value))
        batch.series[batch.series.count - 1].histograms = batch.histograms.count - 1..<batch.histograms.count
    }

    /// Notes that the page has the line and begins its series in the batch. False where it is dropped or came before.
    @inline(__always)
    private mutating func admit(
        _ line: Int32, hasTimestamp: Bool, _ outcome: inout Outcome
    ) throws(PageRefusal) -> Bool {
        let index = Int(line)
        outcome.scraped += 1
        let isRepeated = cache.lines[index].seen == round
        cache.follow(line)
        if cache.lines[index].role == .dropped {
            cache.lines[index].seen = round
            return false
        }
        if cache.lines[index].reference == .unresolved {
            guard try introduce(index, &outcome) else { return false }
        } else {
            batch.series.append(
                SampleBatch.Series(
                    key: Hash128(low: 0, high: 0), reference: cache.lines[index].reference, samples: 0..<0))
        }
        outcome.kept += 1
        cache.lines[index].seen = round
        if isRepeated, !hasTimestamp {
            batch.series.removeLast()
            outcome.refused += 1
            if outcome.refusal == nil { outcome.refusal = "duplicate sample for timestamp" }
            return false
        }
        origins.append(.line(line))
        if !hasTimestamp || settings.tracksTimestampStaleness { track(index) }
        return true
    }

    @inline(__always)
    private mutating func track(_ index: Int) {
        guard cache.lines[index].tracked != round else { return }
        cache.lines[index].count(on: round)
        trackedNow += 1
        if cache.lines[index].wasTracked { trackedStill += 1 }
    }

    /// Begins a series that the store has to be told the labels of. False where relabelling drops it.
    private mutating func introduce(_ index: Int, _ outcome: inout Outcome) throws(PageRefusal) -> Bool {
        switch writeLabels(ofLine: index) {
        case .labels(let range):
            let key = Hash128.of(batch.labelBytes.span.extracting(range), seed: keySeed)
            batch.series.append(SampleBatch.Series(key: key, labels: range, samples: 0..<0))
            if cache.lines[index].seen == 0 { outcome.seriesAdded += 1 }
            return true
        case .dropped:
            cache.lines[index].role = .dropped
            cache.lines[index].seen = round
            return false
        case .refused(let reason): throw PageRefusal(reason)
        }
    }

    private mutating func writeLabels(ofLine index: Int) -> SampleLabels.Verdict {
        let line = cache.lines[index]
        let bytes = cache.copy(Int32(index))
        return labels.write(
            bytes.span, isOpenMetrics: line.isOpenMetrics, kind: line.kind, into: &batch.labelBytes)
    }
}

/// From the batch to the store.
extension TargetPages {
    /// Series that counted on the page before and are not on this one.
    private mutating func markStale(_ atMs: Int64) {
        guard trackedStill < trackedBefore || !inherited.isEmpty else { return }
        var present: Set<SampleBatch.Reference> = []
        for series in batch.series { present.insert(series.reference) }
        var gone: [(origin: Origin, reference: SampleBatch.Reference)] = []
        for (index, line) in cache.lines.enumerated() where line.isTracked(before: round) {
            gone.append((.line(Int32(index)), line.reference))
        }
        for reference in inherited { gone.append((.inherited, reference)) }
        inherited = []
        for (origin, reference) in gone where reference != .unresolved && present.insert(reference).inserted {
            let sample = batch.values.count
            batch.values.append(StaleMarker.value)
            batch.timestampsMs.append(atMs)
            origins.append(origin)
            batch.series.append(
                SampleBatch.Series(
                    key: Hash128(low: 0, high: 0), reference: reference, samples: sample..<sample + 1))
        }
    }

    private mutating func addReport(_ index: Int, _ value: Double, _ atMs: Int64) {
        let sample = batch.values.count
        batch.values.append(value)
        batch.timestampsMs.append(atMs)
        origins.append(.report(index))
        var series = SampleBatch.Series(
            key: Hash128(low: 0, high: 0), reference: reports[index].reference, samples: sample..<sample + 1)
        if series.reference == .unresolved {
            (series.key, series.labels) = describe(reports[index].labels, in: &batch)
        }
        batch.series.append(series)
    }

    /// Writes labels into the batch, and names them by their key.
    private func describe(
        _ labels: Labels, in batch: inout SampleBatch
    ) -> (key: SampleBatch.Key, labels: Range<Int>) {
        let start = batch.labelBytes.count
        batch.labelBytes += labels.bytes
        return (Hash128.of(labels.bytes.span, seed: keySeed), start..<batch.labelBytes.count)
    }

    private mutating func append() throws(StorageError) -> AppendOutcome {
        var taken = SampleBatch()
        swap(&taken, &batch)
        defer { swap(&taken, &batch) }
        let outcome = try intake.take(&taken) { index, batch in nameAgain(index, in: &batch) }
        // A series that the store was told the labels of has a new number.
        if taken.labelBytes.isEmpty { return outcome }
        for (index, origin) in origins.enumerated() {
            switch origin {
            case .line(let line): cache.lines[Int(line)].reference = taken.series[index].reference
            case .report(let report): reports[report].reference = taken.series[index].reference
            case .inherited: break
            }
        }
        return outcome
    }

    /// The labels of a series that the store has forgotten or did not know.
    private mutating func nameAgain(_ index: Int, in batch: inout SampleBatch) -> LabelFlaw? {
        guard batch.series[index].labels.isEmpty else { return nil }
        switch origins[index] {
        case .report(let report):
            let (key, labels) = describe(reports[report].labels, in: &batch)
            batch.series[index].key = key
            batch.series[index].labels = labels
            return nil
        case .inherited:
            return LabelFlaw(.malformed("its target has other settings now"), series: "a series that ended")
        case .line(let line):
            let known = cache.lines[Int(line)]
            let bytes = cache.copy(line)
            let verdict = labels.write(
                bytes.span, isOpenMetrics: known.isOpenMetrics, kind: known.kind, into: &batch.labelBytes)
            guard case .labels(let range) = verdict else {
                return LabelFlaw(.malformed("its labels are none"), series: Quoted.bytes(bytes))
            }
            batch.series[index].labels = range
            batch.series[index].key = Hash128.of(batch.labelBytes.span.extracting(range), seed: keySeed)
            return nil
        }
    }
}
