import Parts
import TestSupport
import Testing

@Suite struct MergePolicyTests {
    private func part(
        _ number: Int, level: Int = 0, bytes: Int = 100, partition: Int64 = 0, createdMs: Int64 = 0
    ) -> PartInfo {
        PartInfo(
            number: UInt64(number), partition: partition, minTimeMs: 0, maxTimeMs: 0, rows: 1, level: level,
            createdMs: createdMs, files: [PartFile(name: "f", bytes: bytes, checksum: 0)])
    }

    private var policy: MergePolicy {
        var policy = MergePolicy()
        policy.fanOut = 3
        return policy
    }

    @Test func aLevelIsMergedWhenItIsFull() {
        let parts = (1...2).map { part($0) }
        #expect(policy.next(among: parts, nowMs: 0) == [])
        #expect(policy.next(among: parts + [part(3)], nowMs: 0).map(\.number) == [1, 2, 3])
    }

    @Test func levelsAndPartitionsAreNotMixed() {
        let mixed = [part(3, level: 1), part(1), part(2), part(4, partition: 1)]
        #expect(policy.next(among: mixed, nowMs: 0) == [])
    }

    @Test func theHighestLevelIsFinal() {
        #expect(policy.next(among: (1...9).map { part($0, level: 4) }, nowMs: .max) == [])
    }

    @Test func lowLevelsAndRecentPartitionsComeFirst() {
        let high = (1...3).map { part($0, level: 1) }
        let old = (4...6).map { part($0, partition: 5) }
        let recent = (7...9).map { part($0, partition: 6) }
        #expect(policy.next(among: high + old + recent, nowMs: 0) == recent)
        #expect(policy.next(among: high + old, nowMs: 0) == old)
        #expect(policy.next(among: high, nowMs: 0) == high)
    }

    @Test func leftoversOfAQuietPartitionAreMerged() {
        let parts = [part(3, level: 4), part(1, level: 3), part(2, level: 1), part(4, createdMs: 1_000)]
        #expect(policy.next(among: parts, nowMs: policy.quietMs + 999) == [])
        #expect(policy.next(among: parts, nowMs: policy.quietMs + 1_000).map(\.number) == [1, 2, 4])
    }

    @Test func aMergeMakesNoPartThatIsTooLarge() {
        let parts = [part(1, bytes: 40), part(2, bytes: 30), part(3, bytes: 20), part(4, bytes: 10)]
        var small = policy
        small.partBytesMax = 90
        #expect(small.next(among: parts, nowMs: 0).map(\.number) == [1, 2, 3])
        small.partBytesMax = 89
        #expect(small.next(among: parts, nowMs: 0).map(\.number) == [1, 2])
        small.partBytesMax = 69
        #expect(small.next(among: parts, nowMs: .max) == [])
        var few = policy
        few.partRowsMax = 2
        #expect(few.next(among: parts, nowMs: 0).map(\.number) == [1, 2])
    }

    @Test func leftoversStayBelowAPartThatIsTooLargeForThem() {
        let parts = [part(1, level: 2, bytes: 95), part(2, level: 1, bytes: 40), part(3, bytes: 30)]
        var small = policy
        small.partBytesMax = 100
        #expect(small.next(among: parts, nowMs: .max).map(\.number) == [2, 3])
    }

    /// Flushes as a server makes them, some of them late, merged one after the other.
    private struct Simulation {
        let policy: MergePolicy
        var random: SeededGenerator
        var parts: [PartInfo] = []
        /// How often the rows of each part were rewritten at most, kept apart from the levels that the policy sees.
        var rewrites: [UInt64: Int] = [:]
        /// The numbers of the flushes that each part holds.
        var flushes: [UInt64: ClosedRange<UInt64>] = [:]
        var number: UInt64 = 0
        var flushedBytes = 0
        var rewrittenBytes = 0
        var partsMax = 0

        mutating func flush(partition: Int64, nowMs: Int64) {
            let bytes = Int.random(in: 1_000...2_000_000, using: &random)
            flushedBytes += bytes
            add(partition, level: 0, bytes, nowMs, rewrites: 0, flushes: number + 1...number + 1)
        }

        private mutating func add(
            _ partition: Int64, level: Int, _ bytes: Int, _ nowMs: Int64, rewrites count: Int,
            flushes held: ClosedRange<UInt64>
        ) {
            number += 1
            rewrites[number] = count
            flushes[number] = held
            parts.append(
                PartInfo(
                    number: number, partition: partition, minTimeMs: 0, maxTimeMs: 0, rows: 1, level: level,
                    createdMs: nowMs, files: [PartFile(name: "f", bytes: bytes, checksum: 0)]))
        }

        mutating func merge(nowMs: Int64) {
            while true {
                parts.sort(by: PartInfo.isOlder)
                for (a, b) in zip(parts, parts.dropFirst()) where a.partition == b.partition {
                    #expect(
                        flushes[a.number]!.upperBound < flushes[b.number]!.lowerBound, "out of the order of writing")
                }
                let chosen = policy.next(among: parts, nowMs: nowMs)
                if chosen.isEmpty { break }
                #expect(chosen.count > 1)
                #expect(Set(chosen.map(\.partition)).count == 1)
                let bytes = chosen.reduce(0) { $0 + $1.bytes }
                rewrittenBytes += bytes
                let count = chosen.map { rewrites.removeValue(forKey: $0.number)! }.max()! + 1
                #expect(count <= 4)
                let numbers = Set(chosen.map(\.number))
                let held = flushes[chosen[0].number]!.lowerBound...flushes[chosen.last!.number]!.upperBound
                parts.removeAll { numbers.contains($0.number) }
                add(
                    chosen[0].partition, level: chosen.map(\.level).max()! + 1, bytes, nowMs, rewrites: count,
                    flushes: held)
            }
            partsMax = max(partsMax, Dictionary(grouping: parts, by: \.partition).values.map(\.count).max() ?? 0)
        }
    }

    /// The bound of issue "The metric store": merges rewrite a sample at most 4 times.
    @Test(arguments: [4, 10, 16], [UInt64(1), 2])
    func noRowIsRewrittenMoreThanFourTimesAndPartsStayFew(fanOut: Int, seed: UInt64) {
        var policy = MergePolicy()
        policy.fanOut = fanOut
        var simulation = Simulation(policy: policy, random: SeededGenerator(seed: seed))
        let dayMs: Int64 = 86_400_000
        var flushes: [Int64: Int] = [:]
        for step in 0..<3_000 {
            let nowMs = Int64(step) * 90_000
            let isLate = Int.random(in: 0..<10, using: &simulation.random) == 0
            let partition = max(0, nowMs / dayMs - (isLate ? Int64.random(in: 1...3, using: &simulation.random) : 0))
            flushes[partition, default: 0] += 1
            simulation.flush(partition: partition, nowMs: nowMs)
            simulation.merge(nowMs: nowMs)
        }
        #expect(simulation.rewrittenBytes <= 4 * simulation.flushedBytes, "seed \(seed)")
        let finals = flushes.values.max()! / (fanOut * fanOut * fanOut * fanOut) + 1
        #expect(simulation.partsMax <= 4 * (fanOut - 1) + finals, "seed \(seed)")
        simulation.merge(nowMs: .max)
        let left = Dictionary(grouping: simulation.parts, by: \.partition)
        #expect(left.allSatisfy { $0.value.filter { $0.level < 4 }.count <= 1 }, "seed \(seed)")
        #expect(simulation.parts.reduce(0) { $0 + $1.bytes } == simulation.flushedBytes)
    }
}
