package import Model
import Parts
import Posix
package import Storage

extension LogDatabase {
    package func tail(
        _ matchers: [Matcher], bytesMax: Int, wake: @escaping @Sendable () -> Void
    ) throws(StorageError) -> LogTail {
        let tail = LogTail(matchers, bytesMax: bytesMax, wake: wake)
        try tails.add(tail)
        return tail
    }

    package func volumes(_ request: LogSelectRequest) throws(StorageError) -> [LogVolume] {
        var all = request
        all.lineFilters = []
        var streams = ScanStreams()
        var sums: [LogVolume] = []
        func add(_ stream: Int, entries: Int, bytes: Int) {
            while sums.count < streams.labels.count { sums.append(LogVolume(stream: streams.labels[sums.count])) }
            sums[stream].entries += entries
            sums[stream].bytes += bytes
            sums[stream].blocks += 1
        }
        for unit in try units(of: all) {
            if request.cancellation.isRaised { throw .cancelled }
            switch unit {
            case .chunk(let head, let chunk):
                for (stream, entries, bytes) in head.volumes(of: chunk, request) {
                    add(head.number(stream, in: &streams), entries: entries, bytes: bytes)
                }
            case .block(let part, let number):
                do {
                    for (stream, entries, bytes) in try part.volumes(of: number, request, self) {
                        add(try part.number(stream, in: &streams), entries: entries, bytes: bytes)
                    }
                } catch {
                    throw quarantine(part.part, error)
                }
            }
        }
        return sums.sorted { $0.stream < $1.stream }
    }
}

extension PinnedHead {
    /// What a chunk holds of each stream that is wanted.
    func volumes(of chunk: RowChunk, _ request: LogSelectRequest) -> [(stream: UInt32, entries: Int, bytes: Int)] {
        guard chunk.streams.contains(where: { isWanted[Int($0)] }) else { return [] }
        let rows = chunk.read()
        var sums = [(entries: Int, bytes: Int)](repeating: (0, 0), count: chunk.streams.count)
        for row in 0..<rows.count {
            let timestampNs = rows.timestampNs(row)
            let stream = rows.stream(row)
            guard timestampNs >= request.startNs, timestampNs <= request.endNs,
                shows(chunk.streams[stream], timestampNs)
            else { continue }
            sums[stream].entries += 1
            sums[stream].bytes += rows.line(row).count
        }
        return sums.indices.filter { sums[$0].entries > 0 }.map {
            (chunk.streams[$0], sums[$0].entries, sums[$0].bytes)
        }
    }
}

extension PinnedPart {
    /// What a block holds of each stream that is wanted. Times are read only where the range or a deletion cuts the block.
    func volumes(
        of number: Int, _ request: LogSelectRequest, _ database: LogDatabase
    ) throws -> [(stream: UInt32, entries: Int, bytes: Int)] {
        let entry = part.content.entries[number]
        let runs = try part.content.runs(entry)
        let isWhole =
            entry.minNs >= request.startNs && entry.maxNs <= request.endNs && !exclusions.mayHide(entry)
        let times = isWhole ? [] : try database.block(number, of: part).timestampsNs()
        var found: [(stream: UInt32, entries: Int, bytes: Int)] = []
        var start = 0
        for run in runs {
            defer { start += run.rows }
            guard isWanted[Int(run.stream)] else { continue }
            var entries = run.rows
            if !isWhole {
                entries = times[start..<(start + run.rows)].count {
                    $0 >= request.startNs && $0 <= request.endNs && !exclusions.hides(run.stream, $0)
                }
            }
            if entries > 0 { found.append((run.stream, entries, entry.rawBytes * entries / entry.rows)) }
        }
        return found
    }
}
