import Storage
import Testing

@testable import PromQL

@Suite struct SpareBlocksTests {
    private static func block(ofValues count: Int) -> SeriesBlock {
        var block = SeriesBlock()
        block.values = [Double](repeating: 1, count: count)
        block.floats = [SeriesBlock.Floats(timestampStart: 0, valueStart: 0, count: count)]
        return block
    }

    @Test func aBlockComesBackEmptyWithItsMemory() {
        let spare = SpareBlocks(countMax: 1)
        var block = Self.block(ofValues: 1000)
        spare.give(&block)
        #expect(block.reservedBytes == 0)
        let again = spare.take()
        #expect(again.values.isEmpty && again.count == 0)
        #expect(again.values.capacity >= 1000)
        #expect(spare.take().values.capacity == 0)
    }

    @Test func moreBlocksThanAgreedAndLargeOnesAreLetGo() {
        let spare = SpareBlocks(countMax: 1)
        var large = Self.block(ofValues: 300_000)
        spare.give(&large)
        #expect(spare.take().reservedBytes == 0)
        for count in [10, 2000] {
            var block = Self.block(ofValues: count)
            spare.give(&block)
        }
        #expect(spare.take().values.capacity < 2000)
        #expect(spare.take().reservedBytes == 0)
    }
}
