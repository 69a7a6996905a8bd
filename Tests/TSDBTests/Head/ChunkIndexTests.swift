import TestSupport
import Testing

@testable import TSDB

@Suite("The index of a chunk of the head")
struct ChunkIndexTests {
    /// Slots that share buckets, that have many samples, and that have none.
    @Test("finds the samples of each slot in order of arrival", arguments: [0, 1, 777, 65_536])
    func findsAll(count: Int) {
        var generator = SeededGenerator.announced()
        let slots = UnsafeMutablePointer<UInt32>.allocate(capacity: max(1, count))
        defer { unsafe slots.deallocate() }
        var expected: [UInt32: [Int]] = [:]
        for place in 0..<count {
            let slot = UInt32.random(in: 0..<4, using: &generator) << 14 | UInt32.random(in: 0..<900, using: &generator)
            unsafe slots[place] = slot
            expected[slot, default: []].append(place)
        }
        let index = unsafe ChunkIndex(slots: slots, count: count)
        for slot in UInt32(0)..<1000 {
            for bucket in UInt32(0)..<4 {
                var found: [Int] = []
                index.forEach(bucket << 14 | slot) { found.append($0) }
                #expect(found == expected[bucket << 14 | slot] ?? [])
            }
        }
    }

    @Test("a filter knows its slots and no others")
    func filterKnowsItsOwn() {
        var generator = SeededGenerator.announced()
        var places: [UInt32: Int] = [:]
        for place in 0..<50 { places[UInt32.random(in: 0..<100_000, using: &generator)] = place }
        let filter = SlotFilter(places.map { (slot: $0.key, place: $0.value) })
        for slot in UInt32(0)..<100_000 { #expect(filter.place(of: slot) == places[slot]) }
    }
}
