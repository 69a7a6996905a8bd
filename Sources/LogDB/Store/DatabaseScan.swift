import Encoding
import Model
import Posix
import Storage

/// Looks at one unit after the other. With an order, at those first that may hold what comes first; what a unit that is
/// still to come might precede is held back.
final class DatabaseScan: LogScan {
    private let database: LogDatabase
    private let request: LogSelectRequest
    private var units: [ScanUnit]
    private var next = 0
    private var streams = ScanStreams()
    private var search: UnitSearch
    /// Found and not told yet, `streamOf` by number of the scan.
    private var held = LogBlock()
    /// Indices of `held` in the order of the request; only with an order.
    private var waiting: [Int] = []
    private var told = 0
    /// What was found ahead where no order is asked for, and how much of it was told.
    private var ahead: [LogBlock] = []
    private var aheadTold = 0

    private static let entriesMax = 8192
    /// Units that each thread looks at before the scan goes on.
    private static let unitsAhead = 2

    init(_ database: LogDatabase, _ request: LogSelectRequest, _ units: [ScanUnit]) throws(StorageError) {
        self.database = database
        self.request = request
        self.units = units
        search = UnitSearch(request, in: database)
        switch request.order {
        case .any: break
        case .newestFirst: self.units.sort { $0.maxNs > $1.maxNs }
        case .oldestFirst: self.units.sort { $0.minNs < $1.minNs }
        }
        held.removeAll(fields: request.fields.count)
    }

    func next(into block: inout LogBlock) throws(StorageError) -> Bool {
        if request.order == .any, request.limit == nil { return try nextAhead(into: &block) }
        block.removeAll(fields: request.fields.count)
        let limit = request.limit ?? .max
        while told < limit {
            if request.cancellation.isRaised { throw .cancelled }
            let ready = readyCount(atMost: min(limit - told, Self.entriesMax))
            if ready > 0 {
                tell(ready, into: &block)
                told += ready
                return true
            }
            guard next < units.count else { return false }
            try look(at: units[next])
            next += 1
        }
        return false
    }

    /// Where no order is asked for, several threads look at the next units at once.
    private func nextAhead(into block: inout LogBlock) throws(StorageError) -> Bool {
        while true {
            if request.cancellation.isRaised { throw .cancelled }
            while aheadTold < ahead.count {
                aheadTold += 1
                guard ahead[aheadTold - 1].count > 0 else { continue }
                swap(&block, &ahead[aheadTold - 1])
                return true
            }
            (ahead, aheadTold) = ([], 0)
            guard next < units.count else {
                block.removeAll(fields: request.fields.count)
                return false
            }
            let count = min(units.count - next, database.workers.width * Self.unitsAhead)
            let some = Array(units[next..<(next + count)])
            next += count
            ahead = try database.workers.map(parts: count) { [database, request] (part) throws(StorageError) in
                var found = LogBlock()
                try Self.read(some[part], request, in: database, into: &found)
                return found
            }
        }
    }

    /// Replaces what `found` holds by what a unit alone has for a request.
    static func read(
        _ unit: ScanUnit, _ request: LogSelectRequest, in database: LogDatabase, into found: inout LogBlock
    ) throws(StorageError) {
        found.removeAll(fields: request.fields.count)
        if request.cancellation.isRaised { return }
        var streams = ScanStreams()
        var search = UnitSearch(request, in: database)
        let bounds = UnitSearch.Bounds(startNs: request.startNs, endNs: request.endNs)
        switch unit {
        case .chunk(let head, let chunk): search.look(at: chunk, of: head, bounds, &streams, into: &found)
        case .block(let part, let number):
            do {
                try search.look(at: number, of: part, bounds, &streams, into: &found)
            } catch {
                throw database.quarantine(part.part, error)
            }
        }
        found.streams = streams.labels
    }

    /// How many of those held nothing that is to come can precede.
    private func readyCount(atMost limit: Int) -> Int {
        guard request.order != .any else { return min(held.count, limit) }
        guard next < units.count else { return min(waiting.count, limit) }
        let bound = request.order == .newestFirst ? units[next].maxNs : units[next].minNs
        var count = 0
        for place in waiting.prefix(limit) {
            let time = held.timestampsNs[place]
            guard request.order == .newestFirst ? time >= bound : time <= bound else { break }
            count += 1
        }
        return count
    }

    private func look(at unit: ScanUnit) throws(StorageError) {
        let before = held.count
        var bounds = UnitSearch.Bounds(startNs: request.startNs, endNs: request.endNs)
        if request.order != .any, let limit = request.limit, limit > told {
            bounds.limit = limit - told
            // What would come behind the last that is wanted need not be looked at.
            if waiting.count >= bounds.limit {
                let last = held.timestampsNs[waiting[bounds.limit - 1]]
                if request.order == .newestFirst {
                    bounds.startNs = max(bounds.startNs, last)
                } else {
                    bounds.endNs = min(bounds.endNs, last)
                }
            }
        }
        switch unit {
        case .chunk(let head, let chunk): search.look(at: chunk, of: head, bounds, &streams, into: &held)
        case .block(let part, let number):
            do {
                try search.look(at: number, of: part, bounds, &streams, into: &held)
            } catch {
                throw database.quarantine(part.part, error)
            }
        }
        guard request.order != .any, held.count > before else { return }
        waiting += before..<held.count
        let isNewestFirst = request.order == .newestFirst
        waiting.sort { a, b in
            let (first, second) = (held.timestampsNs[a], held.timestampsNs[b])
            return first == second ? a < b : isNewestFirst == (first > second)
        }
        if let limit = request.limit { waiting.removeLast(max(0, waiting.count - (limit - told))) }
        if held.count > 4 * waiting.count + Self.entriesMax { compact() }
    }

    /// Drops what is held and not waiting.
    private func compact() {
        var kept = LogBlock()
        kept.removeAll(fields: request.fields.count)
        for place in waiting { kept.append(place, of: held, stream: held.streamOf[place]) }
        waiting = Array(0..<kept.count)
        held = kept
    }

    private func tell(_ count: Int, into block: inout LogBlock) {
        var numbers: [Int: Int] = [:]
        // Most entries have the stream of the one before.
        var last = (number: -1, place: 0)
        func place(of number: Int, _ block: inout LogBlock) -> Int {
            if last.number == number { return last.place }
            let place = numbers[number] ?? block.streams.count
            if place == block.streams.count {
                numbers[number] = place
                block.streams.append(streams.labels[number])
            }
            last = (number, place)
            return place
        }
        func stream(_ entry: Int, _ block: inout LogBlock) -> Int { place(of: held.streamOf[entry], &block) }
        if request.order == .any {
            if count == held.count {
                swap(&block, &held)
                held.removeAll(fields: request.fields.count)
                for entry in 0..<block.count { block.streamOf[entry] = place(of: block.streamOf[entry], &block) }
                return
            }
            for entry in 0..<count { block.append(entry, of: held, stream: stream(entry, &block)) }
            var rest = LogBlock()
            rest.removeAll(fields: request.fields.count)
            for place in count..<held.count { rest.append(place, of: held, stream: held.streamOf[place]) }
            held = rest
        } else {
            for entry in waiting.prefix(count) { block.append(entry, of: held, stream: stream(entry, &block)) }
            waiting.removeFirst(count)
            if waiting.isEmpty { held.removeAll(fields: request.fields.count) }
        }
    }
}

extension LogBlock {
    /// Appends an entry of another block.
    fileprivate mutating func append(_ entry: Int, of other: LogBlock, stream: Int) {
        streamOf.append(stream)
        timestampsNs.append(other.timestampsNs[entry])
        if !other.lineEnds.isEmpty {
            lineBytes.append(other.lineBytes, in: other.line(entry))
            lineEnds.append(lineBytes.count)
        }
        if !other.metadataEnds.isEmpty {
            metadataBytes.append(other.metadataBytes, in: other.metadata(entry))
            metadataEnds.append(metadataBytes.count)
        }
        if !other.formats.isEmpty { formats.append(other.formats[entry]) }
        if other.mayHaveMetadata { mayHaveMetadata = true }
        for field in fields.indices {
            let code = other.fields[field].codes[entry]
            guard code != Field.absent else {
                fields[field].codes.append(code)
                continue
            }
            fields[field].bytes.append(other.fields[field].bytes, in: other.fields[field].range(code))
            if !other.fields[field].numbers.isEmpty {
                fields[field].numbers.append(other.fields[field].numbers[Int(code)])
            }
            let copy = fields[field].endValue()
            fields[field].codes.append(copy)
        }
    }
}
