import Encoding
import Journal
import LabelIndex
import Model
import Parts
import Posix
package import Storage
import Synchronization

extension LogDatabase {
    package func append(_ batch: LogBatch) throws(StorageError) -> LogAppendOutcome {
        try admit(batch.bytes.count)
        var outcome = LogAppendOutcome()
        if let identity = batch.identity, head.withLock({ $0.taken.holds(identity) }) {
            outcome.isRepeatedBatch = true
            return outcome
        }
        var admission = Admission(options)
        var taken = admission.taken(of: batch, &outcome)
        let batch = admission.changed ?? batch
        boundStreams(batch, &taken, &outcome)
        let count = taken?.count ?? batch.entries.count
        if count == 0 { return outcome }
        guard batch.dropsRepeats else {
            try keep(batch, taken, &outcome)
            return outcome
        }
        let all = taken ?? Array(batch.entries.indices)
        let hashes = all.map { hash(batch.entries[$0], of: batch) }
        guard let isNew = repeats.begin(hashes) else {
            throw .unavailable(reason: "the same entries are being taken already", retryAfterSeconds: 5)
        }
        taken = zip(all, isNew).compactMap { $1 ? $0 : nil }
        outcome.repeats = all.count - (taken?.count ?? 0)
        var isKept = false
        defer { repeats.end(hashes, isNew, isKept: isKept) }
        if taken?.isEmpty == false || batch.identity != nil { try keep(batch, taken, &outcome) }
        isKept = true
        return outcome
    }

    /// Refuses the entries of streams that are new where there is no room for more.
    private func boundStreams(_ batch: LogBatch, _ taken: inout [Int]?, _ outcome: inout LogAppendOutcome) {
        let limit = options.streamsMax
        let unknown: Set<Int>? = head.withLock { head in
            guard head.index.count + batch.streams.count > limit else { return nil }
            var room = max(0, limit - head.index.count)
            var unknown: Set<Int> = []
            for (stream, range) in batch.streams.enumerated() {
                let labels = batch.bytes.span.extracting(range)
                guard head.index.ordinal(of: labels, hash: LabelHash.of(labels)) == nil else { continue }
                if room > 0 { room -= 1 } else { unknown.insert(stream) }
            }
            return unknown
        }
        guard let unknown, !unknown.isEmpty else { return }
        let all = taken ?? Array(batch.entries.indices)
        for entry in all where unknown.contains(batch.entries[entry].stream) {
            outcome.refuse(
                entry, .tooManyStreams, "the log store has \(limit) active streams, which is logs.streams_limit")
        }
        taken = all.filter { !unknown.contains(batch.entries[$0].stream) }
    }

    private func hash(_ entry: LogBatch.Entry, of batch: LogBatch) -> UInt64 {
        repeats.hash(
            batch.bytes.span.extracting(batch.streams[entry.stream]), entry.timestampNs,
            batch.bytes.span.extracting(entry.line))
    }

    /// Refuses while nothing can be kept, and makes writers wait for a flush that is behind.
    private func admit(_ bytes: Int) throws(StorageError) {
        if upkeep.isStopping {
            throw .unavailable(reason: "the log store is closing", retryAfterSeconds: 10)
        }
        if let shortage = disk.shortage { throw .unavailable(reason: "\(shortage)", retryAfterSeconds: 60) }
        let limit = options.flushBytes
        let excess = headBytes.load(ordering: .relaxed) - limit
        if excess <= 0 { return }
        guard excess >= limit else { return slowDown(bytes, fullness: Double(excess) / Double(limit)) }
        upkeep.wantFlush()
        let seconds = 30
        let wait = upkeep.waitForFlush(atMostNs: Int64(seconds) * 1_000_000_000) {
            headBytes.load(ordering: .relaxed) < limit * 2
        }
        switch wait {
        case .over: return
        case .failed(let reason):
            throw .unavailable(
                reason: "the head of the log store is full and cannot be flushed: \(reason)", retryAfterSeconds: 30)
        case .late:
            throw .unavailable(
                reason: "the head of the log store is full and no flush ended for \(seconds) s", retryAfterSeconds: 30)
        }
    }

    /// Lets a flush that is under way catch up by short waits of the writers, the longer the more the next head has grown:
    /// one long wait would hold up whatever else the writer's thread is there for.
    private func slowDown(_ bytes: Int, fullness: Double) {
        let waitNs = Int64(fullness * fullness * Double(min(bytes * Self.waitNsPerByte, Self.waitNsMax)))
        guard waitNs >= Self.waitNsMin else { return }
        let limit = options.flushBytes
        _ = upkeep.waitForFlush(atMostNs: waitNs) { headBytes.load(ordering: .relaxed) < limit }
    }

    /// Slower than any flush.
    private static let waitNsPerByte = 12
    private static let waitNsMin: Int64 = 200_000
    private static let waitNsMax = 16_000_000

    /// Writes the entries into the log and shows them.
    ///
    /// - Parameter taken: indices of the entries that are meant; nil for all.
    private func keep(_ batch: LogBatch, _ taken: [Int]?, _ outcome: inout LogAppendOutcome) throws(StorageError) {
        var plain: [UInt8] = []
        plain.reserveCapacity(batch.bytes.count + batch.entries.count * 20 + 256)
        let (header, used) = RowFormat.encode(batch, taken, to: &plain)
        let streams = used.map { stream in
            let labels = Array(batch.bytes[batch.streams[stream]])
            return (labels: labels, hash: LabelHash.of(labels.span))
        }
        var payload = Head.Payload(
            bytes: [], isPacked: false, plainBytes: plain.count, header: header, streams: streams)
        if plain.count >= Self.packedBytesMin {
            payload.bytes.appendLittleEndian(UInt32(plain.count))
            payload.isPacked = compressors.compress(plain.span, appendingTo: &payload.bytes)
        }
        if !payload.isPacked { payload.bytes = plain }
        let ready = payload
        let identity = batch.identity
        let isRepeated: Bool
        do throws(JournalError) {
            isRepeated = try head.withLock { head throws(JournalError) in
                if let identity, head.taken.holds(identity) { return true }
                try head.append(ready, identity: identity)
                return false
            }
        } catch {
            throw Self.refused(error)
        }
        if isRepeated {
            outcome.isRepeatedBatch = true
            outcome.cut = 0
            return
        }
        outcome.accepted = header.rows
        count(ready.plainBytes)
        tails.publish(batch, taken)
    }

    /// Smaller batches go into the log as they are.
    private static let packedBytesMin = 1024

    func count(_ bytes: Int) {
        let held = headBytes.add(bytes, ordering: .relaxed).newValue
        if headSinceMs.load(ordering: .relaxed) == .max { headSinceMs.min(time.wallMs, ordering: .relaxed) }
        if held >= options.flushBytes && held - bytes < options.flushBytes { upkeep.wantFlush() }
    }
}

/// Which entries of a batch the limits let in.
private struct Admission {
    private let options: LogStoreOptions
    /// The batch with the lines that are too long cut; nil where none is.
    private(set) var changed: LogBatch?

    init(_ options: LogStoreOptions) { self.options = options }

    /// Indices of the entries that are taken; nil for all.
    mutating func taken(of batch: LogBatch, _ outcome: inout LogAppendOutcome) -> [Int]? {
        let flaws = batch.streams.map { flaw(of: batch.bytes.span.extracting($0)) }
        let isPlain = flaws.allSatisfy { $0 == nil }
        for (index, entry) in batch.entries.enumerated() {
            if isPlain && entry.line.count <= options.lineBytesMax && entry.metadata.isEmpty { continue }
            judge(index, entry, flaws[entry.stream], batch, &outcome)
        }
        guard !outcome.refusals.isEmpty else { return nil }
        let refused = Set(outcome.refusals.map(\.entry))
        return batch.entries.indices.filter { !refused.contains($0) }
    }

    private mutating func judge(
        _ index: Int, _ entry: LogBatch.Entry, _ flaw: (LogAppendOutcome.Reason, String)?, _ batch: LogBatch,
        _ outcome: inout LogAppendOutcome
    ) {
        if let (reason, sentence) = flaw { return outcome.refuse(index, reason, sentence) }
        if entry.metadata.count > options.metadataBytesMax {
            return outcome.refuse(
                index, .metadataTooLong,
                "an entry has \(entry.metadata.count) bytes of metadata, and logs.metadata_limit is \(options.metadataBytesMax)"
            )
        }
        if LabelCount.of(batch.bytes.span.extracting(entry.metadata)) > LineShaper.metadataMax {
            return outcome.refuse(
                index, .metadataTooLong, "an entry has more than \(LineShaper.metadataMax) names of metadata")
        }
        guard entry.line.count > options.lineBytesMax else { return }
        if options.longLine == .refuse {
            return outcome.refuse(
                index, .lineTooLong,
                "a line has \(entry.line.count) bytes, and logs.line_limit is \(options.lineBytesMax)")
        }
        cut(index, entry, batch)
        outcome.cut += 1
    }

    /// Ends the line at the limit, not within a character, and notes how long it was.
    private mutating func cut(_ index: Int, _ entry: LogBatch.Entry, _ batch: LogBatch) {
        var copy = changed ?? batch
        var end = entry.line.lowerBound + options.lineBytesMax
        while end > entry.line.lowerBound, batch.bytes[end] & 0xc0 == 0x80 { end -= 1 }
        var metadata = LabelsBuilder(Labels(canonical: Array(batch.bytes[entry.metadata])))
        metadata.set("cut_from_bytes", "\(entry.line.count)")
        copy.entries[index].line = entry.line.lowerBound..<end
        copy.entries[index].metadata = copy.append(metadata.labels().bytes.span)
        changed = copy
    }

    private func flaw(of labels: Span<UInt8>) -> (LogAppendOutcome.Reason, String)? {
        if labels.count > options.labelBytesMax {
            return (
                .tooManyLabels,
                "a stream has \(labels.count) bytes of labels, and logs.label_bytes_limit is \(options.labelBytesMax)"
            )
        }
        let count = LabelCount.of(labels)
        if count > options.labelsMax {
            return (.tooManyLabels, "a stream has \(count) labels, and logs.labels_limit is \(options.labelsMax)")
        }
        if !UTF8Check.isValid(labels) { return (.invalidLabels, "labels of a stream are not UTF-8") }
        return nil
    }
}

private enum LabelCount {
    static func of(_ labels: Span<UInt8>) -> Int {
        var cursor = LabelCursor()
        var count = 0
        while cursor.advance(in: labels) { count += 1 }
        return count
    }
}
