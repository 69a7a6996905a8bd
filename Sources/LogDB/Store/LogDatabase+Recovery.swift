import Encoding
import Journal
import Model
import Posix
import Storage
import Synchronization

extension LogDatabase {
    /// Puts the records of the log that no part holds back into the head.
    func recover(from state: LogState) throws(StorageError) {
        let recovery: JournalRecovery
        do throws(JournalError) {
            recovery = try journal.replay(from: JournalPosition(state.journalPosition)) { type, payload, _ in
                do {
                    try restore(type, payload)
                } catch {
                    note("a record of the log cannot be read and was passed over: \(error)")
                }
            }
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 30)
        }
        for notice in recovery.notices { note("\(notice)") }
    }

    private func restore(_ type: UInt8, _ payload: Span<UInt8>) throws {
        var bytes: [UInt8] = []
        bytes.append(payload)
        var plain = bytes
        if type == LogRecordType.packed {
            plain = try LogRecordType.unpack(payload)
        } else if type != LogRecordType.plain {
            throw DecodeError(.invalidCharacter(type), at: 0)
        }
        let rows = try Rows(plain)
        var header = RowFormat.Header()
        header.rows = rows.count
        for row in 0..<rows.count {
            header.minNs = min(header.minNs, rows.timestampNs(row))
            header.maxNs = max(header.maxNs, rows.timestampNs(row))
            guard rows.dropsRepeats else { continue }
            repeats.restore(
                repeats.hash(
                    plain.span.extracting(rows.streams[rows.stream(row)]), rows.timestampNs(row),
                    plain.span.extracting(rows.line(row))))
        }
        let restored = Head.Payload(
            bytes: bytes, isPacked: type == LogRecordType.packed, plainBytes: plain.count, header: header,
            streams: rows.streams.map { range in
                let labels = Array(plain[range])
                return (labels: labels, hash: LabelHash.of(labels.span))
            })
        let identity = rows.identity
        head.withLock { head in
            if let identity { head.taken.add(identity) }
            if restored.header.rows > 0 { head.add(restored) }
        }
        headBytes.add(plain.count, ordering: .relaxed)
        headSinceMs.store(time.wallMs, ordering: .relaxed)
    }
}
