import Encoding

/// One writer's way into a journal, with buffers of its own: compressing and checking happen here, before the journal's
/// lock, which is only held for the write itself. Make one for each thread or shard that writes.
package struct JournalAppender: ~Copyable {
    /// Below it LZ4 saves less than the reader spends.
    private static let compressedBytesMin = 128

    private let journal: Journal
    private var compressor: LZ4Compressor?
    private var packed: [UInt8] = []

    init(_ journal: Journal) {
        self.journal = journal
    }

    /// Appends one record and returns the position behind it. It then survives the end of the process.
    ///
    /// - Parameters:
    ///   - type: the owner's own, 1 to 255.
    ///   - compressing: whether to try LZ4; say false where the payload is packed already.
    package mutating func append(
        type: UInt8, _ payload: Span<UInt8>, compressing: Bool = true
    ) throws(JournalError) -> JournalPosition {
        precondition(type != RecordHeader.gapType, "BUG: record type 0 stands for a gap")
        let limit = journal.options.recordBytesMax
        guard payload.count <= limit else { throw .recordTooLarge(bytes: payload.count, limit: limit) }
        if compressing && payload.count >= Self.compressedBytesMin, let stored = compress(payload) {
            let header = RecordHeader(
                type: type, coding: .lz4, storedBytes: stored, payloadBytes: payload.count)
            let sealed = journal.seal.sealed(header, packed.span)
            return try journal.append(sealed.span, packed.span, payloadBytes: payload.count)
        }
        let header = RecordHeader(
            type: type, coding: .plain, storedBytes: payload.count, payloadBytes: payload.count)
        let sealed = journal.seal.sealed(header, payload)
        return try journal.append(sealed.span, payload, payloadBytes: payload.count)
    }

    /// Leaves the compressed payload in `packed`; nil if that saves less than an eighth.
    private mutating func compress(_ payload: Span<UInt8>) -> Int? {
        packed.removeAll(keepingCapacity: true)
        if compressor == nil { compressor = LZ4Compressor() }
        guard let count = try? compressor?.compress(payload, appendingTo: &packed) else { return nil }  // stored plain
        return count <= payload.count - payload.count / 8 ? count : nil
    }
}
