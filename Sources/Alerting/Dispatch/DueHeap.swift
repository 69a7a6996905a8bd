/// Groups by when they are due. Entries are never changed: one that is not what its group says any more is stale.
struct DueHeap {
    struct Entry {
        let dueMs: Int64
        let id: GroupID
    }

    private var entries: [Entry] = []

    var firstMs: Int64? { entries.first?.dueMs }

    mutating func push(_ entry: Entry) {
        entries.append(entry)
        var place = entries.count - 1
        while place > 0, entries[(place - 1) / 2].dueMs > entries[place].dueMs {
            entries.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    /// The earliest, if it is due.
    mutating func popDue(atMs nowMs: Int64) -> Entry? {
        guard let first = entries.first, first.dueMs <= nowMs else { return nil }
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < entries.count {
                if entries[child].dueMs < entries[least].dueMs { least = child }
            }
            if least == place { return first }
            entries.swapAt(place, least)
            place = least
        }
    }
}
