import Posix
import Storage

/// Blocks that queries have done with, for the next ones: to get half a megabyte anew from the kernel, page by page, takes
/// as long as to decode the samples that come into it.
final class SpareBlocks: Sendable {
    private let blocks = Lock<[SeriesBlock]>([])
    private let countMax: Int

    /// Larger blocks are let go.
    private static let bytesMax = 2 << 20

    init(countMax: Int) {
        self.countMax = countMax
    }

    func take() -> SeriesBlock { blocks.withLock { $0.popLast() } ?? SeriesBlock() }

    /// Leaves an empty block in the place of the one that it takes.
    func give(_ block: inout SeriesBlock) {
        var given = SeriesBlock()
        swap(&given, &block)
        guard given.reservedBytes <= Self.bytesMax else { return }
        given.removeAll()
        blocks.withLock { [given] blocks in
            if blocks.count < countMax { blocks.append(given) }
        }
    }
}
