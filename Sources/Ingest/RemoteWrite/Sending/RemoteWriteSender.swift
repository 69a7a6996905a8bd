import Model
import Posix
import Storage
import Synchronization
import Telemetry

/// What the thread of a queue does, round by round.
final class RemoteWriteSender: @unchecked Sendable {  // made by one thread and used by the queue's own from then on
    private static let pollNs: Int64 = 50_000_000
    private static let shardUpdateNs: Int64 = 10_000_000_000
    private static let failurePauseNs: Int64 = 1_000_000_000
    /// Soon after a first start there will be some.
    private static let emptyMetadataNs: Int64 = 2_000_000_000
    private static let readMax = 20_000

    let queue: RemoteWriteQueue
    var series: RelabelledSeries
    var file: PositionFile
    /// Up to where the receiver has everything, and up to where was read.
    var position: FeedPosition
    var reached: FeedPosition
    var loads: [ShardLoad] = []
    var batch = FeedBatch()
    var target: ShardTarget
    var families = MetricFamilies()
    var metadataDueNs: Int64 = 0
    var shardsDueNs: Int64
    var roundEndNs: Int64
    var roundEnd: FeedPosition
    var newestMs = Int64.min

    init(_ queue: RemoteWriteQueue, _ position: FeedPosition, _ file: consuming PositionFile) {
        self.queue = queue
        let source = queue.source
        let nowNs = source.time.monotonicNs
        series = RelabelledSeries(
            source.feed, external: source.externalLabels, rules: queue.options.rules, nowNs: nowNs)
        (self.position, reached, roundEnd) = (position, position, source.feed.end)
        (roundEndNs, shardsDueNs) = (nowNs, nowNs + Self.shardUpdateNs)
        self.file = file
        target = ShardTarget(queue.options.queue.shardsMin...queue.options.queue.shardsMax)
        setShards(queue.options.queue.shardsMin)
    }
}

/// A round.
extension RemoteWriteSender {
    private var options: RemoteWriteOptions { queue.options }
    private var feed: any SampleFeed { queue.source.feed }
    private var nowNs: Int64 { queue.source.time.monotonicNs }
    private var mustStop: Bool { queue.isStopping.load(ordering: .relaxed) || queue.client.isStopping }

    func run() {
        while !mustStop {
            sendMetadataIfDue()
            guard collect() else { continue }
            guard send() else { break }
            settle()
        }
        queue.state.withLock { $0.isEnded = true }
        queue.state.wakeAll()
    }

    private func setShards(_ count: Int) {
        while loads.count < count { loads.append(ShardLoad(samplesMax: options.queue.samplesPerRequest)) }
        loads.removeLast(loads.count - count)
        queue.metrics.shards.set(count)
    }

    private var held: Int { loads.reduce(0) { $0 + $1.held } }

    /// Reads until there is a full request for each shard and no more to read, or the deadline of what came first.
    ///
    /// - Returns: false where there is nothing to send.
    private func collect() -> Bool {
        for load in loads { load.removeAll() }
        series.rotate(nowNs: nowNs)
        var firstNs: Int64?
        let room = loads.count * options.queue.capacity
        while !mustStop {
            while held < room, feed.end > reached, !mustStop {
                guard read(atMost: min(room - held, Self.readMax)) else { return false }
            }
            if held > 0, firstNs == nil { firstNs = nowNs }
            if held >= loads.count * options.queue.samplesPerRequest { return true }
            if let firstNs, nowNs - firstNs >= options.queue.deadlineMs * 1_000_000 { return true }
            if held == 0 {
                // Whatever was read is not for this receiver.
                if reached > position { settle() }
                if nowNs >= metadataDueNs { return false }
            }
            _ = queue.client.pause(ns: Self.pollNs)
        }
        return false
    }

    private func read(atMost samplesMax: Int) -> Bool {
        let beginning = feed.beginning
        if beginning > reached {
            queue.metrics.lost.add(Int(beginning.value - reached.value))
            queue.log.error(
                "samples left the log before they were sent",
                ["url": .text(queue.identity.shownURL), "bytes": .integer(Int(beginning.value - reached.value))])
        }
        batch.removeAll()
        do throws(StorageError) {
            reached = try feed.read(from: reached, atMost: samplesMax, into: &batch)
        } catch {
            queue.note(failure: "\(error)")
            _ = queue.client.pause(ns: Self.failurePauseNs)
            return false
        }
        distribute()
        return true
    }

    private func distribute() {
        let limitMs =
            options.queue.ageMaxMs > 0 ? queue.source.time.wallMs - options.queue.ageMaxMs : Int64.min
        var dropped = (old: 0, rules: 0, unknown: 0)
        for place in batch.ids.indices {
            let timeMs = batch.timestampsMs[place]
            newestMs = max(newestMs, timeMs)
            if timeMs < limitMs {
                dropped.old += 1
                continue
            }
            switch series.find(batch.ids[place]) {
            case .labels(let range):
                load(of: batch.ids[place]).add(
                    series.bytes[range], timeMs, batch.values[place], startMs: batch.startTimestampsMs[place])
            case .dropped: dropped.rules += 1
            case .unknown: dropped.unknown += 1
            }
        }
        if options.sendsNativeHistograms {
            for (id, histogram) in batch.histograms {
                guard case .labels(let range) = series.find(id) else { continue }
                newestMs = max(newestMs, histogram.timestampMs)
                load(of: id).add(series.bytes[range], histogram)
            }
        }
        if options.sendsExemplars {
            for entry in batch.exemplars {
                let labels = series.relabelled(entry.series)
                if labels.isEmpty { continue }
                load(of: labels.hash).add(
                    labels.bytes[...], exemplar: entry.exemplar.labels, entry.exemplar.value,
                    entry.exemplar.timestampMs)
            }
        }
        queue.metrics.droppedAsOld.add(dropped.old)
        queue.metrics.droppedByRules.add(dropped.rules)
        queue.metrics.droppedAsUnknown.add(dropped.unknown)
        if newestMs > 0 { queue.metrics.highestRead.set(Int(newestMs) * 1_000_000) }
    }

    /// Neighbours by number come from one target: they are spread by the upper bits of a product.
    private func load(of id: UInt64) -> ShardLoad {
        loads[Int((id &* 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(by: UInt64(loads.count)).high)]
    }

    /// - Returns: false where the end was asked for before everything was sent.
    private func send() -> Bool {
        let samples = held
        let startedEnd = feed.end
        queue.metrics.samplesPending.set(samples)
        let busyNs = Atomic<Int64>(0)
        let isComplete = Atomic<Bool>(true)
        let (queue, families) = (queue, families)
        @Sendable func send(_ load: ShardLoad) {
            for request in 0..<load.used {
                let startedNs = queue.source.time.monotonicNs
                if !queue.send(request, of: load, families) { return isComplete.store(false, ordering: .relaxed) }
                busyNs.add(queue.source.time.monotonicNs - startedNs, ordering: .relaxed)
            }
        }
        var threads: [OwnedThread] = []
        for load in loads.dropFirst() where load.used > 0 {
            do throws(SystemError) {
                threads.append(try OwnedThread(name: "remote-write-n") { send(load) })
            } catch {
                // Without a thread of its own a shard is sent by this one.
                send(load)
            }
        }
        send(loads[0])
        for thread in threads { thread.join() }
        queue.metrics.samplesPending.set(0)
        guard isComplete.load(ordering: .relaxed) else { return false }
        let endNs = nowNs
        target.note(
            ShardTarget.Round(
                samples: samples, sendingSeconds: Double(busyNs.load(ordering: .relaxed)) / 1e9,
                seconds: Double(endNs - roundEndNs) / 1e9, positions: reached.value - position.value,
                positionsGained: startedEnd.value > roundEnd.value ? startedEnd.value - roundEnd.value : 0))
        (roundEndNs, roundEnd) = (endNs, startedEnd)
        return true
    }

    /// Writes down what the receiver has.
    private func settle() {
        position = reached
        do throws(SystemError) {
            try file.write(position)
        } catch {
            queue.note(failure: "\(error)")
        }
        feed.keep(from: position, for: queue.identity.key)
        queue.state.withLock { [position] in $0.position = position }
        if newestMs > 0 { queue.metrics.highestSent.set(Int(newestMs) * 1_000_000) }
        guard nowNs >= shardsDueNs else { return }
        shardsDueNs = nowNs + Self.shardUpdateNs
        let end = feed.end
        let (shards, desired) = target.shards(
            now: loads.count, backlog: end > position ? end.value - position.value : 0)
        queue.metrics.shardsDesired.set(Int(desired.rounded(.up)))
        if shards != loads.count { setShards(shards) }
    }
}

/// What is told of families.
extension RemoteWriteSender {
    private func sendMetadataIfDue() {
        guard options.sendsMetadata, nowNs >= metadataDueNs else { return }
        let intervalNs = options.metadataIntervalMs * 1_000_000
        metadataDueNs = nowNs + intervalNs
        let all = (try? queue.source.metadata()) ?? []  // a store that cannot say so tells it elsewhere
        if all.isEmpty {
            metadataDueNs = nowNs + min(intervalNs, Self.emptyMetadataNs)
            return
        }
        if options.message == .version2 {
            families = MetricFamilies(all)
            return
        }
        for start in stride(from: 0, to: all.count, by: options.metadataPerRequest) where !mustStop {
            var batch = SampleBatch()
            batch.metadata = Array(all[start..<min(all.count, start + options.metadataPerRequest)])
            queue.send(metadata: batch)
        }
    }
}
