import Posix

/// Blocks that were read lately, with the columns that were unpacked of them, within a bound of memory. A block that has
/// to give way is picked without regard to its use: a search of more than fits then finds a part of it here, where an order by
/// use would find nothing.
final class BlockCache: Sendable {
    struct Key: Hashable {
        var part: UInt64
        var block: Int
    }

    fileprivate struct State {
        var blocks: [Key: (place: Int, bytes: Int, block: StoredBlock)] = [:]
        var keys: [Key] = []
        var bytes = 0
        var draw: UInt64 = 0x9e37_79b9_7f4a_7c15
    }

    let bytesMax: Int
    private let state = Lock(State())

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    var heldBytes: Int { state.withLock { $0.bytes } }

    func block(_ key: Key) -> StoredBlock? { state.withLock { $0.blocks[key]?.block } }

    /// Keeps a block that was read, or notes how it has grown.
    func keep(_ block: StoredBlock, _ key: Key) {
        let bytes = block.heldBytes
        guard bytes <= bytesMax / 4 else { return }
        state.withLock { state in
            if let known = state.blocks[key] {
                guard known.block === block else { return }
                state.bytes += bytes - known.bytes
                state.blocks[key]?.bytes = bytes
            } else {
                state.blocks[key] = (state.keys.count, bytes, block)
                state.keys.append(key)
                state.bytes += bytes
            }
            while state.bytes > bytesMax, state.keys.count > 1 { state.removeAny(but: key) }
        }
    }

    /// Lets go of the blocks of parts that are no longer served, whose files would else stay.
    func remove(parts: Set<UInt64>) {
        state.withLock { state in
            for key in state.keys where parts.contains(key.part) { state.remove(key) }
        }
    }
}

extension BlockCache.State {
    mutating func remove(_ key: BlockCache.Key) {
        guard let gone = blocks.removeValue(forKey: key) else { return }
        bytes -= gone.bytes
        let last = keys.removeLast()
        if last != key {
            keys[gone.place] = last
            blocks[last]?.place = gone.place
        }
    }

    mutating func removeAny(but kept: BlockCache.Key) {
        draw ^= draw << 13
        draw ^= draw >> 7
        draw ^= draw << 17
        let place = Int(draw % UInt64(keys.count))
        let key = keys[place] == kept ? keys[(place + 1) % keys.count] : keys[place]
        remove(key)
    }
}
