package import Model

/// The seam between those who bring or ask log entries and whoever keeps them. Both sides move blocks.
///
/// All functions are safe to call from several threads at once. Timestamps are nanoseconds since 1970; entries of any
/// age and in any order are taken. Equal entries are kept as often as they come, unless a batch says otherwise.
package protocol LogStore: AnyObject, Sendable {
    /// Takes a batch: what is accepted is kept before this returns, and visible to every later `scan`.
    func append(_ batch: LogBatch) throws(StorageError) -> LogAppendOutcome

    func scan(_ request: LogSelectRequest) throws(StorageError) -> any LogScan

    /// The answer to a request that has neither an order nor a limit, for whoever has a use for several threads; nil where
    /// the store has no pieces to tell.
    func pieces(_ request: LogSelectRequest) throws(StorageError) -> LogPieces?

    /// Label sets of the streams that match any of the selectors (all for none) and may have entries in the range,
    /// sorted, each once.
    func streams(_ request: LabelRequest) throws(StorageError) -> [Labels]

    /// How much each stream that satisfies the matchers holds within the range, by labels. Bytes of a block that several
    /// streams or a part of the range share are told by their share of its entries.
    func volumes(_ request: LogSelectRequest) throws(StorageError) -> [LogVolume]

    /// Subscribes to entries of matching streams that are taken from now on. They are told after they are visible.
    ///
    /// - Parameters:
    ///   - bytesMax: how much may wait to be fetched before entries are dropped and counted.
    ///   - wake: called after entries came, on the thread that brought them: it has to be quick.
    func tail(
        _ matchers: [Matcher], bytesMax: Int, wake: @escaping @Sendable () -> Void
    ) throws(StorageError) -> LogTail

    /// Makes the entries of the matching streams within the range invisible at once and gone later. Concerns what was
    /// taken before, not what comes after.
    func delete(_ request: LabelRequest) throws(StorageError)
}

/// What a stream holds within a range.
package struct LogVolume: Sendable, Equatable {
    package var stream: Labels
    package var entries: Int
    /// Of the lines.
    package var bytes: Int
    /// Pieces of the store that hold entries of it: what Loki calls chunks.
    package var blocks: Int

    package init(stream: Labels, entries: Int = 0, bytes: Int = 0, blocks: Int = 0) {
        (self.stream, self.entries, self.bytes, self.blocks) = (stream, entries, bytes, blocks)
    }
}

extension LogStore {
    package func pieces(_ request: LogSelectRequest) throws(StorageError) -> LogPieces? { nil }

    /// Names of labels of the streams that are meant, sorted.
    package func labelNames(_ request: LabelRequest) throws(StorageError) -> [String] {
        var all = request
        all.limit = .max
        var names: Set<String> = []
        for stream in try streams(all) {
            for pair in stream.pairs { names.insert(pair.name) }
        }
        return names.sortedBytewise(request.limit)
    }

    package func labelValues(_ name: String, _ request: LabelRequest) throws(StorageError) -> [String] {
        var all = request
        all.limit = .max
        var values: Set<String> = []
        for stream in try streams(all) {
            let value = stream[name]
            if !value.isEmpty { values.insert(value) }
        }
        return values.sortedBytewise(request.limit)
    }
}

extension Set<String> {
    fileprivate func sortedBytewise(_ limit: Int) -> [String] {
        Array(sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.prefix(limit))
    }
}
