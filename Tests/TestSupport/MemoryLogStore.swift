import Encoding
package import Model
import Posix
package import Storage

/// A log store in an array: slow and plainly right. Real stores are compared with it.
package final class MemoryLogStore: LogStore {
    struct Entry {
        var labels: Labels
        var timestampNs: Int64
        var line: [UInt8]
        var metadata: [UInt8]
    }

    private struct State {
        var entries: [Entry] = []
        var batches: Set<LogBatch.Identity> = []
    }

    private let state = Lock(State())
    private let tails = LogTails()

    package init() {}

    package func append(_ batch: LogBatch) throws(StorageError) -> LogAppendOutcome {
        let (outcome, taken) = take(batch)
        tails.publish(batch, taken)
        return outcome
    }

    private func take(_ batch: LogBatch) -> (LogAppendOutcome, taken: [Int]) {
        state.withLock { state in
            var taken: [Int] = []
            var outcome = LogAppendOutcome()
            if let identity = batch.identity, !state.batches.insert(identity).inserted {
                outcome.isRepeatedBatch = true
                return (outcome, taken)
            }
            let streams = batch.streams.map { Labels(canonical: Array(batch.bytes[$0])) }
            for (index, entry) in batch.entries.enumerated() {
                let new = Entry(
                    labels: streams[entry.stream], timestampNs: entry.timestampNs, line: Array(batch.bytes[entry.line]),
                    metadata: Array(batch.bytes[entry.metadata]))
                if batch.dropsRepeats, state.entries.contains(where: { $0.repeats(new) }) {
                    outcome.repeats += 1
                } else {
                    state.entries.append(new)
                    taken.append(index)
                    outcome.accepted += 1
                }
            }
            return (outcome, taken)
        }
    }

    package func scan(_ request: LogSelectRequest) throws(StorageError) -> any LogScan {
        var found = state.withLock { $0.entries }.filter { $0.satisfies(request) }
        switch request.order {
        case .any: break
        case .oldestFirst: found.sort { $0.timestampNs < $1.timestampNs }
        case .newestFirst: found.sort { $0.timestampNs > $1.timestampNs }
        }
        return MemoryLogScan(Array(found.prefix(request.limit ?? .max)), request)
    }

    package func streams(_ request: LabelRequest) throws(StorageError) -> [Labels] {
        let entries = state.withLock { $0.entries }.filter { $0.isMeant(by: request) }
        return Array(Set(entries.map(\.labels)).sorted().prefix(request.limit))
    }

    package func volumes(_ request: LogSelectRequest) throws(StorageError) -> [LogVolume] {
        var all = request
        all.lineFilters = []
        all.fieldConditions = []
        let entries = state.withLock { $0.entries }.filter { $0.satisfies(all) }
        return Dictionary(grouping: entries, by: \.labels).map { labels, entries in
            LogVolume(
                stream: labels, entries: entries.count, bytes: entries.reduce(0) { $0 + $1.line.count }, blocks: 1)
        }.sorted { $0.stream < $1.stream }
    }

    package func tail(
        _ matchers: [Matcher], bytesMax: Int, wake: @escaping @Sendable () -> Void
    ) throws(StorageError) -> LogTail {
        let tail = LogTail(matchers, bytesMax: bytesMax, wake: wake)
        try tails.add(tail)
        return tail
    }

    package func delete(_ request: LabelRequest) throws(StorageError) {
        state.withLock { $0.entries.removeAll { $0.isMeant(by: request) } }
    }
}

extension MemoryLogStore.Entry {
    func repeats(_ other: Self) -> Bool {
        timestampNs == other.timestampNs && line == other.line && labels == other.labels
    }

    func matches(_ matchers: [Matcher]) -> Bool {
        matchers.allSatisfy { matcher in
            let value = Array(labels[matcher.name].utf8)
            return matcher.matches(value.span)
        }
    }

    func isMeant(by request: LabelRequest) -> Bool {
        let ms = timestampNs.dividedDown(by: 1_000_000)
        guard ms >= request.startMs, ms <= request.endMs else { return false }
        return request.selectors.isEmpty || request.selectors.contains { matches($0) }
    }

    func satisfies(_ request: LogSelectRequest) -> Bool {
        guard timestampNs >= request.startNs, timestampNs <= request.endNs, matches(request.matchers) else {
            return false
        }
        for filter in request.lineFilters where !filter.holds(line.span) { return false }
        return request.fieldConditions.allSatisfy { condition in
            let value = field(condition.name, asLabels: request.namesAreLabels)
            return condition.holds(value.span)
        }
    }

    var format: LogFields.Format {
        var fields = LogFields()
        fields.scan(line.span)
        return fields.format
    }

    /// Adds the value of a wanted field as a value of its own.
    func tell(_ wanted: LogWantedField, _ request: LogSelectRequest, into told: inout LogBlock.Field) {
        func add(_ value: [UInt8]) {
            told.bytes += value
            if wanted.isNumber { told.numbers.append(FloatReading.float(String(decoding: value, as: UTF8.self))) }
            told.codes.append(told.endValue())
        }
        if let found = Labels(canonical: metadata).pairs.first(where: { $0.name == wanted.name }) {
            return add(Array(found.value.utf8))
        }
        var fields = LogFields()
        fields.scan(line.span)
        for field in fields.fields where request.fieldFormat == nil || request.fieldFormat == fields.format {
            var name: [UInt8] = []
            fields.appendName(of: field, in: line.span, to: &name)
            if request.namesAreLabels { FieldLabel.sanitize(&name) }
            guard name == Array(wanted.name.utf8) else { continue }
            let range = field.value.asInt
            let isQuoted = range.lowerBound > 0 && line[range.lowerBound - 1] == UInt8(ascii: "\"")
            let raw = line.span.extracting(range)
            if request.namesAreLabels, !FieldLabel.isValue(raw, isQuoted: isQuoted, fields.format) { continue }
            var value: [UInt8] = []
            LogFields.append(raw, hasEscapes: field.valueHasEscapes, to: &value)
            return add(value)
        }
        told.codes.append(LogBlock.Field.absent)
    }

    func field(_ name: String, asLabels: Bool = false) -> [UInt8] {
        let metadata = Labels(canonical: metadata)[name]
        if !metadata.isEmpty { return Array(metadata.utf8) }
        var fields = LogFields()
        fields.scan(line.span)
        for field in fields.fields {
            var found: [UInt8] = []
            fields.appendName(of: field, in: line.span, to: &found)
            if asLabels { FieldLabel.sanitize(&found) }
            guard found == Array(name.utf8) else { continue }
            var value: [UInt8] = []
            LogFields.append(
                line.span.extracting(field.value.asInt), hasEscapes: field.valueHasEscapes, to: &value)
            return value
        }
        return []
    }
}

private final class MemoryLogScan: LogScan {
    private static let blockEntries = 100
    private var left: ArraySlice<MemoryLogStore.Entry>
    private let request: LogSelectRequest

    init(_ entries: [MemoryLogStore.Entry], _ request: LogSelectRequest) {
        left = entries[...]
        self.request = request
    }

    func next(into block: inout LogBlock) throws(StorageError) -> Bool {
        if request.cancellation.isRaised { throw .cancelled }
        block.removeAll(fields: request.fields.count)
        for entry in left.prefix(Self.blockEntries) {
            if let place = block.streams.firstIndex(of: entry.labels) {
                block.streamOf.append(place)
            } else {
                block.streamOf.append(block.streams.count)
                block.streams.append(entry.labels)
            }
            block.timestampsNs.append(entry.timestampNs)
            if request.wantsLines {
                block.lineBytes += entry.line
                block.lineEnds.append(block.lineBytes.count)
            }
            if request.wantsLines || request.wantsMetadata {
                block.metadataBytes += entry.metadata
                block.metadataEnds.append(block.metadataBytes.count)
            }
            if request.wantsFormats {
                block.formats.append(entry.format)
                if !entry.metadata.isEmpty { block.mayHaveMetadata = true }
            }
            for (place, wanted) in request.fields.enumerated() {
                entry.tell(wanted, request, into: &block.fields[place])
            }
        }
        left = left.dropFirst(Self.blockEntries)
        return block.count > 0
    }
}

extension Int64 {
    /// Rounded towards the past.
    fileprivate func dividedDown(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : (self + 1) / divisor - 1
    }
}
