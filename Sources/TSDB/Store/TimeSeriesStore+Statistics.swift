import Journal
import LabelIndex
import Model
import Parts
import Posix
package import Storage
import Synchronization

extension TimeSeriesStore {
    package func statistics(limit: Int) throws(StorageError) -> StoreStatistics {
        var statistics = StoreStatistics()
        let (index, recent) = registry.creation.withLock { ($0.index, $0.pace.lastHour(nowMs: time.wallMs)) }
        let view = view.withLock { $0 }
        countSamples(view, &statistics)
        let labels: LabelCardinality
        do throws(LabelIndexError) {
            labels = try LabelCardinality(
                memory: [index, view.flushingIndex].compactMap { $0 }, segments: view.segments.map(\.index),
                limit: limit, recentFrom: recent.firstID)
        } catch {
            throw .corrupt(file: StoredContent.labelsFile, offset: error.offset, reason: error.reason)
        }
        statistics.series = labels.series
        statistics.labelNames = labels.names
        statistics.labelPairs = labels.pairs
        statistics.seriesByMetricName = Self.counts(labels.seriesByMetricName)
        statistics.seriesByLabelPair = Self.counts(labels.seriesByPair)
        statistics.valuesByLabelName = Self.counts(labels.valuesByName)
        statistics.bytesByLabelName = Self.counts(labels.bytesByName)
        statistics.storedBytesByMetricName = StoreStatistics.top(try storedBytesByMetricName(view), limit)
        statistics.churn.sinceMs = recent.sinceMs
        statistics.churn.created = labels.recent
        statistics.churn.createdByMetricName = Self.counts(labels.recentByMetricName)
        return statistics
    }

    private static func counts(_ counts: [LabelCardinality.Count]) -> [StoreStatistics.Count] {
        counts.map { StoreStatistics.Count(name: $0.name, count: $0.count) }
    }

    private func countSamples(_ view: StoreView, _ statistics: inout StoreStatistics) {
        var (minMs, maxMs) = (Int64.max, Int64.min)
        for entry in view.samples {
            statistics.samplesAtRest += entry.samples.summary.samples + entry.samples.summary.histograms
            statistics.storedBytes += entry.part.info.bytes
            (minMs, maxMs) = (min(minMs, entry.samples.summary.minMs), max(maxMs, entry.samples.summary.maxMs))
        }
        for segment in view.segments { statistics.indexBytes += segment.part.info.bytes }
        statistics.storedBytes += statistics.indexBytes
        statistics.parts = view.samples.count + view.segments.count
        statistics.logBytes = journal.heldBytes
        statistics.samplesInHead = max(0, headSamples.load(ordering: .relaxed))
        for shard in shards {
            let (active, times) = shard.withLock { ($0.slots.activeCount, $0.times) }
            statistics.activeSeries += active
            (minMs, maxMs) = (min(minMs, times.min), max(maxMs, times.max))
        }
        for frozen in view.flushing {
            for chunk in frozen.chunks { (minMs, maxMs) = (min(minMs, chunk.minMs), max(maxMs, chunk.maxMs)) }
        }
        statistics.timesMs = minMs <= maxMs ? minMs...maxMs : nil
    }

    /// How many groups of blocks are looked at: what the parts hold beyond them is estimated from them.
    private static let groupsMax = 4096

    /// Shares the stored bytes of evenly spread groups among the metrics whose blocks they hold.
    private func storedBytesByMetricName(_ view: StoreView) throws(StorageError) -> [String: Int] {
        let groups = view.samples.reduce(0) { $0 + $1.samples.summary.groups }
        let step = max(1, (groups + Self.groupsMax - 1) / Self.groupsMax)
        var bytesByID: [UInt64: Double] = [:]
        for entry in view.samples {
            var cursor = PartCursor(entry.samples)
            do throws(PartError) {
                for group in stride(from: 0, to: entry.samples.summary.groups, by: step) {
                    try cursor.forEachStoredSize(inGroup: group) { bytesByID[$0, default: 0] += $1 * Double(step) }
                }
            } catch {
                throw quarantine(entry.part, error)
            }
        }
        var bytes: [String: Double] = [:]
        for (id, own) in bytesByID { bytes[try metricName(ofID: id, view), default: 0] += own }
        return bytes.mapValues { Int($0) }
    }

    /// The name of a series that is at rest; empty for one without a name or whose labels are lost.
    private func metricName(ofID id: UInt64, _ view: StoreView) throws(StorageError) -> String {
        for segment in view.segments {
            guard let ordinal = segment.index.ordinal(ofID: id) else { continue }
            do throws(LabelIndexError) {
                return try segment.index.value(of: Labels.metricName, ofSeries: ordinal) ?? ""
            } catch {
                throw quarantine(segment.part, error)
            }
        }
        return try labels(ofID: id)?[Labels.metricName] ?? ""
    }
}
