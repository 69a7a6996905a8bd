import Encoding

/// Samples that were deleted but may still lie in parts. It concerns the parts that were written before it.
struct Deletion: Equatable, Sendable {
    let number: UInt64
    let startMs: Int64
    let endMs: Int64
    /// The series meant, sorted.
    let ids: [UInt64]

    func holds(_ id: UInt64) -> Bool {
        var (low, high) = (0, ids.count)
        while low < high {
            let middle = (low + high) / 2
            if ids[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low < ids.count && ids[low] == id
    }
}

/// What the store keeps beside its parts, in the manifest: changed in one step with them.
struct StoreState: Equatable, Sendable {
    private static let version: UInt8 = 1

    /// The parts hold what the journal's records up to here say.
    var journalPosition: UInt64 = 0
    var nextSeriesID: UInt64 = 1
    var nextDeletion: UInt64 = 1
    var deletions: [Deletion] = []

    init() {}

    var bytes: [UInt8] {
        var bytes = [Self.version]
        for word in [journalPosition, nextSeriesID, nextDeletion, UInt64(deletions.count)] { bytes.appendVarint(word) }
        for deletion in deletions {
            bytes.appendVarint(deletion.number)
            bytes.appendZigZag(deletion.startMs)
            bytes.appendZigZag(deletion.endMs)
            bytes.appendVarint(UInt64(deletion.ids.count))
            var last: UInt64 = 0
            for id in deletion.ids {
                bytes.appendVarint(id - last)
                last = id
            }
        }
        return bytes
    }

    /// Reads the state; that of a new store is empty.
    init(_ bytes: [UInt8]) throws(DecodeError) {
        if bytes.isEmpty { return }
        var reader = ByteReader(bytes.span)
        guard try reader.readByte() == Self.version else { throw DecodeError(.invalidCharacter(bytes[0]), at: 0) }
        journalPosition = try reader.readVarint()
        nextSeriesID = try reader.readVarint()
        nextDeletion = try reader.readVarint()
        for _ in 0..<(try reader.readVarint()) {
            let number = try reader.readVarint()
            let (startMs, endMs) = (try reader.readZigZag(), try reader.readZigZag())
            var ids: [UInt64] = []
            var id: UInt64 = 0
            for _ in 0..<(try reader.readVarint()) {
                id &+= try reader.readVarint()
                ids.append(id)
            }
            deletions.append(Deletion(number: number, startMs: startMs, endMs: endMs, ids: ids))
        }
    }
}
