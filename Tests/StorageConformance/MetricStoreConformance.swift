import Model
import Posix
import Storage
import TestSupport
import Testing

/// Every promise of `MetricStore`, asked of each implementation.
@Suite("A metric store")
struct MetricStoreConformance {
    @Test("shows what it accepted at once, sorted by time, whatever order it came in", arguments: StoreKind.allCases)
    func showsAccepted(kind: StoreKind) throws {
        let test = try kind.make()
        let up = series("up")
        #expect(try test.append(up, (3000, 3), (1000, 1)).acceptedSamples == 2)
        #expect(try test.append(up, (2000, 2)).acceptedSamples == 1)
        #expect(try test.read() == [ReadSeries(up, (1000, 1), (2000, 2), (3000, 3))])
    }

    @Test("gives back every bit of a value", arguments: StoreKind.allCases)
    func keepsBits(kind: StoreKind) throws {
        let test = try kind.make()
        let values = [
            StaleMarker.value, Double(bitPattern: 0xfff8_0000_0000_0123), .infinity, -.infinity, -0.0, 0,
            .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1, 1e300, 123_456_789.25,
        ]
        for (index, value) in values.enumerated() { try test.append(series("bits"), (Int64(index) * 1000, value)) }
        #expect(try test.read().map(\.bits) == [values.map(\.bitPattern)])
    }

    @Test("answers a range with both its ends, and an inverted one with nothing", arguments: StoreKind.allCases)
    func includesBothEnds(kind: StoreKind) throws {
        let test = try kind.make()
        let up = series("up")
        try test.append(up, (1000, 1), (2000, 2), (3000, 3), (4000, 4))
        #expect(try test.read([], 2000, 3000) == [ReadSeries(up, (2000, 2), (3000, 3))])
        #expect(try test.read([], 2001, 2999).isEmpty)
        #expect(try test.read([], 3000, 2000).isEmpty)
    }

    @Test(
        "takes a repeated sample silently and refuses another value at the newest time", arguments: StoreKind.allCases)
    func tellsDuplicates(kind: StoreKind) throws {
        let test = try kind.make()
        let up = series("up")
        try test.append(up, (1000, 1))
        #expect(try test.append(up, (1000, 1)).acceptedSamples == 1)
        let outcome = try test.append(up, (1000, 2))
        #expect(outcome.refused[AppendOutcome.Reason.duplicate.rawValue] == 1 && outcome.refusals.count == 1)
        #expect(try test.read() == [ReadSeries(up, (1000, 1))])
    }

    @Test("knows series by key once their labels came, and says which it does not know", arguments: StoreKind.allCases)
    func resolvesKeys(kind: StoreKind) throws {
        let test = try kind.make()
        let (known, unknown) = (series("known"), series("unknown"))
        try test.append(known, (1000, 1))
        var batch = SampleBatch()
        batch.append(known, [(timestampMs: 2000, value: 2)])
        batch.append(unknown, [(timestampMs: 2000, value: 2)])
        for index in batch.series.indices { batch.series[index].labels = 0..<0 }
        test.store.resolve(&batch)
        #expect(batch.series[0].reference != .unresolved && batch.series[1].reference == .unresolved)
        let outcome = try test.store.append(&batch)
        #expect(outcome.acceptedSamples == 1 && outcome.unresolved == [1])
        try test.settle()
        #expect(try test.read() == [ReadSeries(known, (1000, 1), (2000, 2))])
    }

    @Test("fills the references of series that brought labels", arguments: StoreKind.allCases)
    func fillsReferences(kind: StoreKind) throws {
        let test = try kind.make()
        var batch = SampleBatch()
        batch.append(series("a"), [(timestampMs: 1, value: 1)])
        batch.append(series("b"), [(timestampMs: 1, value: 1)])
        _ = try test.store.append(&batch)
        #expect(batch.series[0].reference != .unresolved && batch.series[1].reference != .unresolved)
        #expect(batch.series[0].reference != batch.series[1].reference)
    }

    @Test("selects by matchers, an absent label being an empty one", arguments: StoreKind.allCases)
    func selectsByMatchers(kind: StoreKind) throws {
        let test = try kind.make()
        let all = [
            series("a"), series("a", ("job", "x")), series("a", ("job", "y")), series("b", ("job", "x"), ("z", "1")),
        ]
        for labels in all { try test.append(labels, (1000, 1)) }
        for (name, operation, value) in [
            ("job", Matcher.Operation.equal, "x"), ("job", .equal, ""), ("job", .notEqual, "x"), ("job", .notEqual, ""),
            ("job", .matches, "x|y"), ("job", .matches, ".*"), ("job", .matches, ".+"), ("job", .notMatches, "x|"),
            ("__name__", .matches, "a.*"), ("absent", .equal, ""), ("absent", .equal, "x"), ("z", .notMatches, ".+"),
        ] {
            let matcher = try Matcher(name, operation, value)
            let expected = all.filter { labels in
                let bytes = Array(labels[name].utf8)
                return matcher.matches(bytes.span)
            }
            #expect(try test.read([matcher]).map(\.labels) == expected.sorted(), "\(matcher)")
            let request = LabelRequest(selectors: [[matcher]])
            #expect(try test.store.series(request) == expected.sorted(), "\(matcher)")
        }
    }

    @Test("keeps a selection as it was, while it goes on", arguments: StoreKind.allCases)
    func pinsSelections(kind: StoreKind) throws {
        let test = try kind.make()
        let up = series("up")
        try test.append(up, (1000, 1))
        let selection = try test.select()
        try test.append(up, (2000, 2))
        try test.append(series("later"), (1000, 1))
        try test.store.delete(LabelRequest())
        #expect(try test.read(selection) == [ReadSeries(up, (1000, 1))])
        #expect(try test.read().isEmpty)
    }

    @Test("gives the same series in the same order however it is asked in pieces", arguments: StoreKind.allCases)
    func readsInPieces(kind: StoreKind) throws {
        let test = try kind.make()
        for number in 0..<30 {
            try test.append(series("m", ("n", "\(number * 7 % 30)")), (1000, Double(number)), (2000, 1))
        }
        for sorted in [true, false] {
            let selection = try test.select(sorted: sorted)
            let whole = try test.read(selection)
            if sorted { #expect(whole.map(\.labels) == whole.map(\.labels).sorted()) }
            var labels = LabelBlock()
            var block = SeriesBlock()
            for start in [20, 0, 10] {
                try selection.labels(start..<start + 10, into: &labels)
                try selection.read(start..<start + 10, into: &block)
                for index in 0..<10 {
                    #expect(labels.labels(index) == whole[start + index].labels)
                    let value = block.values[block.floats[index].valueStart]
                    #expect(value.bitPattern == whole[start + index].bits[0])
                }
            }
            #expect(selection.samplesEstimate >= 60)
        }
    }

    @Test("refuses a selection of more series than asked for", arguments: StoreKind.allCases)
    func boundsSeries(kind: StoreKind) throws {
        let test = try kind.make()
        for number in 0..<3 { try test.append(series("m", ("n", "\(number)")), (1000, 1)) }
        var request = SelectRequest(matchers: [], startMs: 0, endMs: 2000)
        request.seriesMax = 2
        #expect(throws: StorageError.self) { try test.store.select(request) }
        request.seriesMax = 3
        #expect(try test.store.select(request).count == 3)
    }

    @Test(
        "names labels, values and series that have samples in the range, sorted and limited",
        arguments: StoreKind.allCases)
    func answersLabels(kind: StoreKind) throws {
        let test = try kind.make()
        let (early, late) = (series("m", ("b", "1"), ("é", "2")), series("m", ("a", "3"), ("b", "4")))
        try test.append(early, (1000, 1))
        try test.append(late, (9000, 1))
        let request = LabelRequest(startMs: 0, endMs: 5000)
        #expect(try test.store.series(request) == [early])
        #expect(try test.store.labelNames(request) == ["__name__", "b", "é"])
        #expect(try test.store.labelValues("b", request) == ["1"])
        #expect(try test.store.labelNames(LabelRequest()) == ["__name__", "a", "b", "é"])
        #expect(try test.store.labelValues("b", LabelRequest()) == ["1", "4"])
        #expect(try test.store.labelValues("b", LabelRequest(limit: 1)) == ["1"])
        #expect(try test.store.labelValues("absent", LabelRequest()) == [])
        let either = LabelRequest(selectors: [[Matcher("a", equals: "3")], [Matcher("b", equals: "1")]])
        #expect(try test.store.series(either) == [early, late].sorted())
    }

    @Test(
        "tells the values that a label has within a range, however many it has outside",
        arguments: StoreKind.allCases, [1, 100, 1500])
    func tellsValuesOfRanges(kind: StoreKind, count: Int) throws {
        let test = try kind.make()
        var batch = SampleBatch()
        for number in 0..<count {
            batch.append(series("m", ("a", "early \(number)")), [(1000, 1)])
            batch.append(series("m", ("a", "late \(number)")), [(9000, 1)])
        }
        _ = try test.store.append(&batch)
        try test.settle()
        let early = (0..<count).map { "early \($0)" }.sorted()
        #expect(try test.store.labelValues("a", LabelRequest(startMs: 0, endMs: 5000)) == early)
        #expect(try test.store.labelValues("a", LabelRequest(startMs: 2000, endMs: 8000)) == [])
    }

    @Test("tells values, names and series of ranges after any appends and deletions", arguments: StoreKind.allCases)
    func agreesOnRanges(kind: StoreKind) throws {
        var random = SeededGenerator.announced()
        // Short ranges, in which each millisecond counts, and long ones.
        let unit: Int64 = Bool.random(using: &random) ? 1 : 7_000_001
        let test = try kind.make()
        var kept: [Int: Set<Int64>] = [:]
        for _ in 0..<60 {
            if Int.random(in: 0..<6, using: &random) == 0 {
                let (number, from) = (
                    Int.random(in: 0..<12, using: &random), Int64.random(in: 0..<90 * unit, using: &random)
                )
                try test.store.delete(
                    LabelRequest(
                        selectors: [[Matcher("a", equals: "\(number)")]], startMs: from, endMs: from + 20 * unit))
                for other in [number, number + 12] {
                    kept[other] = kept[other]?.filter { !(from...from + 20 * unit).contains($0) }
                }
            } else {
                var batch = SampleBatch()
                for number in Set((0..<6).map { _ in Int.random(in: 0..<24, using: &random) }) {
                    let timeMs = Int64.random(in: 0..<100 * unit, using: &random)
                    batch.append(series("m", ("a", "\(number % 12)"), ("b", "\(number)")), [(timeMs, 1)])
                    kept[number, default: []].insert(timeMs)
                }
                _ = try test.store.append(&batch)
                if Bool.random(using: &random) { try test.settle() }
            }
            let startMs = Int64.random(in: -10 * unit..<100 * unit, using: &random)
            let range = startMs...startMs + Int64.random(in: 0..<60 * unit, using: &random)
            let present = kept.filter { $0.value.contains(where: range.contains) }.map(\.key)
            let request = LabelRequest(startMs: range.lowerBound, endMs: range.upperBound)
            #expect(try test.store.labelValues("a", request) == Set(present.map { "\($0 % 12)" }).sorted())
            #expect(try test.store.labelValues("b", request) == Set(present.map { "\($0)" }).sorted())
            #expect(try test.store.series(request).count == present.count)
            #expect(try test.store.labelNames(request) == (present.isEmpty ? [] : ["__name__", "a", "b"]))
        }
    }

    @Test(
        "tells values, names and series of ranges in the midst of thousands of samples", arguments: StoreKind.allCases)
    func agreesOnRangesWithin(kind: StoreKind) throws {
        var random = SeededGenerator.announced()
        let test = try kind.make()
        var kept: [Int: [Int64]] = [:]
        for number in 0..<6 {
            // Gaps of any length, so that ranges without samples lie between those with some.
            var (timeMs, times) = (Int64.random(in: 0..<1000, using: &random), [Int64]())
            while times.count < 3000 {
                times.append(timeMs)
                timeMs += Int64.random(in: 0..<500, using: &random) == 0 ? 200_000 : 15
            }
            kept[number] = times
            var batch = SampleBatch()
            let labels = series("m", ("a", "\(number % 3)"), ("b\(number)", "x"))
            batch.append(labels, times.map { (timestampMs: $0, value: 1) })
            _ = try test.store.append(&batch)
            if Bool.random(using: &random) { try test.settle() }
        }
        try test.settle()
        let lastMs = kept.values.reduce(0) { max($0, $1[$1.count - 1]) }
        for _ in 0..<100 {
            let startMs = Int64.random(in: 0...lastMs, using: &random)
            let range = startMs...startMs + Int64.random(in: 0..<(lastMs / 4), using: &random)
            let present = kept.filter { $0.value.contains(where: range.contains) }.map(\.key)
            let request = LabelRequest(startMs: range.lowerBound, endMs: range.upperBound)
            #expect(try test.store.labelValues("a", request) == Set(present.map { "\($0 % 3)" }).sorted())
            let names = present.isEmpty ? [] : ["__name__", "a"] + present.sorted().map { "b\($0)" }
            #expect(try test.store.labelNames(request) == names)
            #expect(try test.store.series(request).count == present.count)
        }
    }

    @Test("ends questions about labels whose asker has gone", arguments: StoreKind.allCases)
    func cancelsLabels(kind: StoreKind) throws {
        let test = try kind.make()
        try test.append(series("m", ("a", "1")), (1000, 1))
        let request = LabelRequest(selectors: [[Matcher("a", equals: "1")]])
        #expect(try test.store.series(request).count == 1)
        request.cancellation.raise()
        #expect(throws: StorageError.cancelled) { try test.store.series(request) }
        #expect(throws: StorageError.cancelled) { try test.store.labelNames(request) }
        #expect(throws: StorageError.cancelled) { try test.store.labelValues("a", request) }
    }

    @Test("deletes what matches within the range at once, and takes it again", arguments: StoreKind.allCases)
    func deletes(kind: StoreKind) throws {
        let test = try kind.make()
        let (a, b) = (series("a"), series("b"))
        for labels in [a, b] { try test.append(labels, (1000, 1), (2000, 2), (3000, 3)) }
        try test.store.delete(LabelRequest(selectors: [[Matcher("__name__", equals: "a")]], startMs: 2000, endMs: 3000))
        #expect(try test.read() == [ReadSeries(a, (1000, 1)), ReadSeries(b, (1000, 1), (2000, 2), (3000, 3))])
        try test.append(a, (3000, 3))
        #expect(try test.read([Matcher("__name__", equals: "a")]) == [ReadSeries(a, (1000, 1), (3000, 3))])
        try test.store.delete(LabelRequest(selectors: [[Matcher("__name__", equals: "b")]]))
        #expect(try test.store.series(LabelRequest()) == [a])
    }

    @Test("keeps start timestamps beside their samples", arguments: StoreKind.allCases)
    func keepsStarts(kind: StoreKind) throws {
        let test = try kind.make()
        var batch = SampleBatch()
        batch.append(series("a"), [(timestampMs: 1000, value: 1), (timestampMs: 2000, value: 2)])
        batch.append(series("b"), [(timestampMs: 1000, value: 1)])
        batch.startTimestampsMs = [500, 600, 0]
        _ = try test.store.append(&batch)
        try test.settle()
        #expect(try test.read().map(\.startsMs) == [[500, 600], [0]])
    }

    @Test("keeps histograms of both kinds exactly", arguments: StoreKind.allCases)
    func keepsHistograms(kind: StoreKind) throws {
        let test = try kind.make()
        let histograms = [
            SampleBatch.Histogram(
                timestampMs: 1000, startTimestampMs: 10,
                value: NativeHistogram(
                    schema: 3, counterResetHint: .gauge, zeroThreshold: 0.001, sum: 12.5,
                    counts: .integer(count: 10, zero: 2, positive: [3, 0, 4], negative: [1]),
                    positiveSpans: [.init(offset: -2, length: 2), .init(offset: 5, length: 1)],
                    negativeSpans: [.init(offset: 0, length: 1)])),
            SampleBatch.Histogram(
                timestampMs: 2000,
                value: NativeHistogram(
                    schema: NativeHistogram.customBoundsSchema, sum: -1,
                    counts: .float(count: 2.5, zero: 0, positive: [1.25, 1.25], negative: []),
                    positiveSpans: [.init(offset: 0, length: 2)], customBounds: [0.5, 1])),
        ]
        var batch = SampleBatch()
        batch.append(series("h"), [(timestampMs: 500, value: 7)])
        batch.histograms = histograms
        batch.series[0].histograms = 0..<2
        #expect(try test.store.append(&batch).acceptedHistograms == 2)
        try test.settle()
        let read = try test.read()
        #expect(read.map(\.histograms) == [histograms] && read.map(\.timesMs) == [[500]])
    }

    @Test("keeps exemplars and the latest metadata", arguments: StoreKind.allCases)
    func keepsAnnotations(kind: StoreKind) throws {
        let test = try kind.make()
        var batch = SampleBatch()
        batch.append(series("a"), [(timestampMs: 1000, value: 1)])
        let trace = Labels([("trace_id", "abc")])
        batch.exemplars = [.init(series: 0, labels: trace, value: 0.5, timestampMs: 900)]
        for help in ["old", "new"] {
            batch.metadata = [MetricMetadata(family: "a", kind: .counter, help: help, unit: "seconds")]
            #expect(try test.store.append(&batch).acceptedSamples == 1)
            batch.exemplars = []
        }
        try test.settle()
        let found = try test.store.exemplars(LabelRequest(selectors: [[Matcher("__name__", equals: "a")]]))
        #expect(found.map(\.series) == [series("a")])
        #expect(found.flatMap { $0.exemplars.map(\.labels) } == [trace])
        #expect(try test.store.metadata(family: "a", limit: 10).map(\.help) == ["new"])
        #expect(try test.store.metadata(family: nil, limit: 10).count == 1)
        #expect(try test.store.metadata(family: "absent", limit: 10).isEmpty)
    }

    @Test("counts series, values and pairs, the largest first", arguments: StoreKind.allCases)
    func tellsStatistics(kind: StoreKind) throws {
        let test = try kind.make()
        for instance in ["a", "bb"] {
            for mode in ["idle", "user", "system"] {
                try test.append(series("cpu", ("instance", instance), ("mode", mode)), (1000, 1), (3000, 2))
            }
            try test.append(series("up", ("instance", instance)), (2000, 1))
        }
        let found = try test.store.statistics(limit: 3)
        #expect(found.series == 8 && found.labelNames == 3 && found.labelPairs == 7)
        #expect(found.timesMs == 1000...3000)
        #expect(found.samplesInHead + found.samplesAtRest == 14)
        func count(_ name: String, _ count: Int) -> StoreStatistics.Count { .init(name: name, count: count) }
        #expect(found.seriesByMetricName == [count("cpu", 6), count("up", 2)])
        #expect(
            found.seriesByLabelPair
                == [count("__name__=cpu", 6), count("instance=a", 4), count("instance=bb", 4)])
        #expect(found.valuesByLabelName == [count("mode", 3), count("__name__", 2), count("instance", 2)])
        #expect(found.bytesByLabelName == [count("mode", 28), count("__name__", 22), count("instance", 12)])
        #expect(found.churn.created == 8)
        #expect(found.churn.createdByMetricName == [count("cpu", 6), count("up", 2)])
        #expect(try test.store.statistics(limit: 0).seriesByMetricName.isEmpty)
    }
}
