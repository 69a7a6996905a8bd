import Encoding
import Journal
import LabelIndex
import Model
import Posix
import Storage

/// Which series there are: numbers for labels, references for numbers and for senders' keys.
final class SeriesRegistry: Sendable {
    /// Series that no segment has yet, and the numbers to come. Series are made one after the other.
    struct Creation: ~Copyable {
        var index = MemoryLabelIndex()
        var nextID: UInt64
        /// Records of series that the journal has not taken: whoever finds one of them must bring them there first.
        var unwritten: [UInt8] = []
        var appender: JournalAppender
        private(set) var pace: CreationPace

        init(nextID: UInt64, nowMs: Int64, appender: consuming JournalAppender) {
            self.nextID = nextID
            self.appender = appender
            pace = CreationPace(nowMs: nowMs)
        }

        /// The number of the series in the index of memory.
        func find(_ labels: Span<UInt8>, _ hash: UInt64) -> UInt64? {
            index.ordinal(of: labels, hash: hash).map { index.ids[$0] }
        }

        mutating func add(_ labels: Span<UInt8>, _ hash: UInt64, nowMs: Int64) -> UInt64 {
            let id = nextID
            pace.note(id, nowMs: nowMs)
            nextID += 1
            index.add(labels, hash: hash, id: id)
            unwritten.appendVarint(id)
            unwritten.appendVarint(UInt64(labels.count))
            unwritten.append(labels)
            return id
        }

        /// Brings new series into the journal; until then no sample may name them.
        mutating func log() throws(JournalError) {
            guard !unwritten.isEmpty else { return }
            let bytes = unwritten
            _ = try appender.append(type: RecordType.series, bytes.span)
            unwritten.removeAll()
        }
    }

    struct References: ~Copyable {
        var byKey = KeyTable()
        var byID = KeyTable()

        static func key(ofID id: UInt64) -> SampleBatch.Key {
            let mixed = id &* 0x9e37_79b9_7f4a_7c15
            return SampleBatch.Key(low: mixed ^ mixed >> 29, high: mixed &* 0xd6e8_feb8_6659_fd93)
        }
    }

    let creation: Lock<Creation>
    let references = SharedLock(References())

    init(nextID: UInt64, nowMs: Int64, journal: Journal) {
        creation = Lock(Creation(nextID: nextID, nowMs: nowMs, appender: journal.makeAppender()))
    }

    func resolve(_ batch: inout SampleBatch) {
        references.read { references in
            for index in batch.series.indices where batch.series[index].reference.raw == 0 {
                batch.series[index].reference = SampleBatch.Reference(
                    references.byKey.reference(batch.series[index].key))
            }
        }
    }

    /// Reads a record of new series.
    static func readRecord(
        _ payload: Span<UInt8>, _ body: (UInt64, Span<UInt8>) -> Void
    ) throws(DecodeError) {
        var reader = ByteReader(payload)
        while !reader.isAtEnd {
            let id = try reader.readVarint()
            body(id, try reader.readBytes(Int(clamping: reader.readVarint())))
        }
    }
}
