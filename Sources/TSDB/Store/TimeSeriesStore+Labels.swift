import LabelIndex
package import Model
import Posix
package import Storage
import Synchronization

/// A name or a pair, as its segment numbers them.
private struct NumberInSegment: Hashable {
    let segment: Int
    let number: Int
}

extension TimeSeriesStore {
    package func labelNames(_ request: LabelRequest) throws(StorageError) -> [String] {
        var names: Set<String> = []
        if request.selectors.isEmpty, isWhole(request) {
            forEachIndex { index in
                index.forEachName { names.insert(Self.text($0)) }
            } _: { segment in
                segment.forEachName { names.insert(Self.text($0)) }
            }
        } else if request.selectors.isEmpty, let range = visible(request.startMs, request.endMs) {
            let (certain, uncertain) = try presentNames(in: range, request.cancellation)
            names = Set(certain)
            if !uncertain.isEmpty {
                try addNames(of: request.narrowed(to: uncertain) { Matcher($0, notEquals: "") }, to: &names)
            }
        } else {
            try addNames(of: request, to: &names)
        }
        return Self.sorted(names, request.limit)
    }

    /// Found by walking the series.
    private func addNames(of request: LabelRequest, to names: inout Set<String>) throws(StorageError) {
        guard let found = try FoundSeries(self, request) else { return }
        var trail = LabelSegment.NameTrail()
        var known = Set<NumberInSegment>()
        try found.forEachPresent { place throws(StorageError) in
            guard let stored = found.stored(place) else {
                let labels = Labels(canonical: Array(found.copied(place)))
                return names.formUnion(labels.pairs.map(\.name))
            }
            try found.reading(stored) { () throws(LabelIndexError) in
                try stored.index.forEachName(ofSeries: stored.ordinal, &trail) { number, _ in
                    let isNew = known.insert(NumberInSegment(segment: stored.segment, number: number)).inserted
                    if isNew { names.insert(Self.text(stored.index.name(number))) }
                }
            }
        }
    }

    package func labelValues(_ name: String, _ request: LabelRequest) throws(StorageError) -> [String] {
        var values: [String] = []
        let bytes = Array(name.utf8)
        if request.selectors.isEmpty, isWhole(request) {
            var failure: StorageError?
            forEachIndex { index in
                index.forEachValue(of: bytes.span) { value, _ in values.append(Self.text(value)) }
            } _: { segment in
                do throws(LabelIndexError) {
                    try segment.forEachValue(of: bytes.span) { value, _ in values.append(Self.text(value)) }
                } catch {
                    failure = .corrupt(file: "labels", offset: error.offset, reason: error.reason)
                }
            }
            if let failure { throw failure }
        } else if request.selectors.isEmpty, let range = visible(request.startMs, request.endMs) {
            let (certain, uncertain) = try presentValues(of: bytes.span, in: range, request.cancellation)
            values = certain
            if !uncertain.isEmpty {
                let narrowed = request.narrowed(to: uncertain) { Matcher(name, equals: $0) }
                values += try valuesOfSeries(bytes.span, narrowed)
            }
        } else {
            values += try valuesOfSeries(bytes.span, request)
        }
        return Self.sorted(values, request.limit)
    }

    /// Found by walking the series; of those with the same value only until one has samples.
    private func valuesOfSeries(_ name: Span<UInt8>, _ request: LabelRequest) throws(StorageError) -> Set<String> {
        var values: Set<String> = []
        guard let found = try FoundSeries(self, request) else { return values }
        let pairs = found.segments.map { $0.pairs(of: name) }
        var known = Set<NumberInSegment>()
        func pair(_ stored: FoundSeries.Stored) throws(StorageError) -> NumberInSegment? {
            let number = try found.reading(stored) { () throws(LabelIndexError) in
                try stored.index.pair(among: pairs[stored.segment], ofSeries: stored.ordinal)
            }
            return number.map { NumberInSegment(segment: stored.segment, number: $0) }
        }
        try found.forEachPresent { place throws(StorageError) in
            guard let stored = found.stored(place) else { return true }
            return try pair(stored).map { !known.contains($0) } ?? false
        } _: { place throws(StorageError) in
            guard let stored = found.stored(place) else {
                let labels = Array(found.copied(place))
                if let range = LabelCursor.valueRange(of: name, in: labels.span) {
                    values.insert(Self.text(labels.span.extracting(range)))
                }
                return
            }
            guard let pair = try pair(stored) else { return }
            known.insert(pair)
            values.insert(Self.text(stored.index.value(pair.number)))
        }
        return values
    }

    package func series(_ request: LabelRequest) throws(StorageError) -> [Labels] {
        guard let found = try FoundSeries(self, request) else { return [] }
        var series: [Labels] = []
        var trail = LabelSegment.NameTrail()
        try found.forEachPresent { place throws(StorageError) in series.append(try found.labels(place, &trail)) }
        series.sort()
        return Array(series.prefix(request.limit))
    }

    /// Whether the range takes in every sample that there is, so that the index alone can answer.
    private func isWhole(_ request: LabelRequest) -> Bool {
        let view = view.withLock { $0 }
        guard view.state.deletions.isEmpty, options.retentionMs == nil else { return false }
        if request.startMs == .min && request.endMs == .max { return true }
        guard headSamples.load(ordering: .relaxed) == 0 else { return false }
        return view.samples.allSatisfy {
            $0.samples.summary.minMs >= request.startMs && $0.samples.summary.maxMs <= request.endMs
        }
    }

    private func forEachIndex(_ memory: (MemoryLabelIndex) -> Void, _ mapped: (LabelSegment) -> Void) {
        registry.creation.withLock { memory($0.index) }
        let view = view.withLock { $0 }
        if let index = view.flushingIndex { memory(index) }
        for segment in view.segments { mapped(segment.index) }
    }

    /// The labels of one series; nil where its segment is lost.
    func labels(ofID id: UInt64) throws(StorageError) -> Labels? {
        var bytes: [UInt8] = []
        let isFound = registry.creation.withLock { creation in
            guard let ordinal = creation.index.ordinal(ofID: id) else { return false }
            creation.index.appendLabels(ordinal, to: &bytes)
            return true
        }
        if isFound { return Labels(canonical: bytes) }
        let view = view.withLock { $0 }
        if let index = view.flushingIndex, let ordinal = index.ordinal(ofID: id) {
            index.appendLabels(ordinal, to: &bytes)
            return Labels(canonical: bytes)
        }
        for segment in view.segments {
            guard let ordinal = segment.index.ordinal(ofID: id) else { continue }
            do throws(LabelIndexError) {
                try segment.index.appendLabels(ordinal, to: &bytes)
                return Labels(canonical: bytes)
            } catch {
                throw quarantine(segment.part, error)
            }
        }
        return nil
    }

    static func text(_ bytes: Span<UInt8>) -> String {
        unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// Each once, and bytewise, as labels are ordered everywhere.
    private static func sorted(_ strings: some Collection<String>, _ limit: Int) -> [String] {
        let sorted =
            zip(strings, strings.dropFirst()).allSatisfy(isBefore) ? Array(strings) : strings.sorted(by: isBefore)
        var unique: [String] = []
        unique.reserveCapacity(sorted.count)
        for string in sorted where unique.last != string {
            if unique.count == limit { break }
            unique.append(string)
        }
        return unique
    }

    private static func isBefore(_ a: String, _ b: String) -> Bool {
        let (left, right) = (a.utf8.span, b.utf8.span)
        return LabelCursor.compare(left, 0..<left.count, right, 0..<right.count) < 0
    }
}

extension LabelRequest {
    /// Of all series only those that a matcher of one of the texts holds for, where the texts are few.
    fileprivate func narrowed(to texts: [String], _ matcher: (String) -> Matcher) -> LabelRequest {
        var narrowed = self
        if texts.count <= TimeSeriesStore.uncertainTextsMax { narrowed.selectors = texts.map { [matcher($0)] } }
        return narrowed
    }
}
