import Posix
import TestSupport
import Testing

@testable import LogDB

@Suite("The cache of blocks")
struct BlockCacheTests {
    private static func block(_ number: Int) throws -> StoredBlock {
        var input = BlockInput()
        for row in 0..<100 {
            let line = Array(
                #"{"block":\#(number),"row":\#(row),"text":"something of block \#(number) and row \#(row)"}"#.utf8)
            input.append(stream: 0, Int64(row), line.span, metadata: [UInt8]().span)
        }
        var writer = try BlockWriter()
        let body = try writer.encode(input).body
        return try StoredBlock(
            MappedFile(copying: body.span, path: "block"), 0..<body.count, rows: 100, DecompressorPool())
    }

    @Test("stays within its bound as blocks come and grow, and keeps the last")
    func isBounded() throws {
        let first = try Self.block(0)
        let cache = BlockCache(bytesMax: first.heldBytes * 12)
        for number in 0..<100 {
            let block = try Self.block(number)
            let key = BlockCache.Key(part: UInt64(number / 10), block: number)
            cache.keep(block, key)
            for column in block.columns.indices { _ = try block.column(column) }
            cache.keep(block, key)
            #expect(cache.heldBytes <= cache.bytesMax)
            if block.heldBytes <= cache.bytesMax / 4 { #expect(cache.block(key) === block) }
        }
        #expect(cache.heldBytes > cache.bytesMax / 2)
    }

    @Test("lets go of the blocks of parts that are gone, and of no others")
    func forgetsParts() throws {
        let cache = BlockCache(bytesMax: 1 << 30)
        for number in 0..<40 { cache.keep(try Self.block(number), .init(part: UInt64(number % 4), block: number)) }
        cache.remove(parts: [1, 3])
        for number in 0..<40 {
            let isKept = cache.block(.init(part: UInt64(number % 4), block: number)) != nil
            #expect(isKept == (number % 2 == 0))
        }
        cache.remove(parts: [0, 2])
        #expect(cache.heldBytes == 0)
    }
}
