import Encoding
import LabelIndex
package import Model
import Parts
import Posix
package import Storage

extension LogDatabase {
    package func streams(_ request: LabelRequest) throws(StorageError) -> [Labels] {
        guard request.startMs <= request.endMs else { return [] }
        let (index, chunks, view) = pin()
        var found: Set<Labels> = []
        let nowMs = time.wallMs
        for part in view.parts
        where part.info.maxTimeMs >= request.startMs && part.info.minTimeMs <= request.endMs {
            do {
                let exclusions = try Exclusions(part.content, view.state, options, nowMs: nowMs)
                for stream in try streams(of: part.content, request, exclusions) {
                    found.insert(try part.content.labels(of: stream))
                }
            } catch {
                throw quarantine(part, error)
            }
        }
        for (index, chunks) in [(index, chunks)] + (view.flushing.map { [($0.index, $0.chunks)] } ?? []) {
            var isThere = [Bool](repeating: false, count: index.count)
            for chunk in chunks where chunk.minNs <= request.endNs && chunk.maxNs >= request.startNs {
                for stream in chunk.streams { isThere[Int(stream)] = true }
            }
            for stream in try matching(request.selectors, in: index) where isThere[stream] {
                var bytes: [UInt8] = []
                index.appendLabels(stream, to: &bytes)
                found.insert(Labels(canonical: bytes))
            }
        }
        return Array(found.sorted().prefix(request.limit))
    }

    private func matching(_ selectors: [[Matcher]], in index: MemoryLabelIndex) throws(StorageError) -> [Int] {
        if selectors.isEmpty { return Array(0..<index.count) }
        var sets: [PostingSet] = []
        for matchers in selectors {
            do throws(LabelIndexError) {
                sets.append(try index.matching(matchers))
            } catch {
                preconditionFailure("BUG: the index of the head cannot be read: \(error)")
            }
        }
        var streams: [Int] = []
        PostingSet.union(sets).forEach { streams.append(Int($0)) }
        return streams
    }

    /// Streams of a part that are meant and have entries in blocks that reach into the range.
    private func streams(
        of part: LogPart, _ request: LabelRequest, _ exclusions: Exclusions
    ) throws -> [UInt32] {
        let isWanted =
            request.selectors.isEmpty
            ? [Bool](repeating: true, count: part.labels.count)
            : try PartStreams.matching(any: request.selectors, in: part)
        var isThere = [Bool](repeating: false, count: part.labels.count)
        let isWhole = part.entries.allSatisfy { $0.minNs >= request.startNs && $0.maxNs <= request.endNs }
        if isWhole && exclusions.isEmpty {
            return try part.usedStreams().filter { isWanted[Int($0)] }
        }
        for entry in part.entries where entry.minNs <= request.endNs && entry.maxNs >= request.startNs {
            guard isWanted[Int(entry.firstStream)...Int(entry.lastStream)].contains(true) else { continue }
            for run in try part.runs(entry) where isWanted[Int(run.stream)] {
                if !exclusions.hidesAll(run.stream, entry.minNs, entry.maxNs) { isThere[Int(run.stream)] = true }
            }
        }
        return isThere.indices.filter { isThere[$0] }.map { UInt32($0) }
    }
}
