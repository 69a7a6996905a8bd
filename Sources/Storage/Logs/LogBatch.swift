package import Model

/// Log entries on their way into a store: one buffer of bytes, and where in it the labels, lines and metadata lie.
package struct LogBatch: Sendable {
    package struct Entry: Sendable {
        package var timestampNs: Int64
        /// Index in `streams`.
        package var stream: Int
        package var line: Range<Int>
        /// Structured metadata in the canonical form of labels; empty where there is none.
        package var metadata: Range<Int>

        package init(timestampNs: Int64, stream: Int, line: Range<Int>, metadata: Range<Int> = 0..<0) {
            self.timestampNs = timestampNs
            self.stream = stream
            self.line = line
            self.metadata = metadata
        }
    }

    /// Who sent a batch and which one it is: the store takes each once, however often it comes.
    package struct Identity: Hashable, Sendable {
        package var sender: String
        package var sequence: UInt64

        package init(sender: String, sequence: UInt64) {
            self.sender = sender
            self.sequence = sequence
        }
    }

    package var bytes: [UInt8] = []
    /// The canonical labels of each stream.
    package var streams: [Range<Int>] = []
    package var entries: [Entry] = []
    package var identity: Identity?
    /// Whether an entry that equals one of the same stream and time is a repetition rather than another event.
    package var dropsRepeats = false

    package init() {}

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        streams.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        identity = nil
        dropsRepeats = false
    }

    /// Adds a stream and returns its index.
    @discardableResult
    package mutating func appendStream(_ labels: Labels) -> Int {
        streams.append(append(labels.bytes.span))
        return streams.count - 1
    }

    /// Adds an entry whose bytes are copied.
    package mutating func append(
        _ timestampNs: Int64, stream: Int, _ line: Span<UInt8>, metadata: Labels = .empty
    ) {
        let lineRange = append(line)
        let metadataRange = metadata.isEmpty ? 0..<0 : append(metadata.bytes.span)
        entries.append(Entry(timestampNs: timestampNs, stream: stream, line: lineRange, metadata: metadataRange))
    }

    /// Adds bytes and returns where they lie.
    package mutating func append(_ added: Span<UInt8>) -> Range<Int> {
        let start = bytes.count
        unsafe added.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        return start..<bytes.count
    }
}

/// What became of a batch of log entries. Refused entries are expected and only counted; a refusal names its entry, so
/// that protocols can answer item by item.
package struct LogAppendOutcome: Sendable {
    package enum Reason: Int, CaseIterable, Sendable {
        case lineTooLong
        case metadataTooLong
        case tooManyStreams
        case tooManyLabels
        case invalidLabels
        /// Older than retention.
        case tooOld
    }

    package struct Refusal: Sendable {
        /// Index in the batch's entries.
        package var entry: Int
        package var reason: Reason

        package init(entry: Int, reason: Reason) {
            self.entry = entry
            self.reason = reason
        }
    }

    package var accepted = 0
    /// Entries of `accepted` whose line was cut to the longest that is kept.
    package var cut = 0
    /// Entries that were there already and were dropped, as the batch had asked for.
    package var repeats = 0
    /// The whole batch was there already, by its identity.
    package var isRepeatedBatch = false
    package var refusals: [Refusal] = []
    /// The first refusal in words, with the limit and the way to raise it.
    package var sentence = ""

    package init() {}

    package mutating func refuse(_ entry: Int, _ reason: Reason, _ sentence: @autoclosure () -> String) {
        if refusals.isEmpty { self.sentence = sentence() }
        refusals.append(Refusal(entry: entry, reason: reason))
    }
}
