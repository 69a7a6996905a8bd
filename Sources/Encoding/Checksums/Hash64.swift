/// A fast 64-bit hash of bytes for tables and indices: multiply and fold, in the manner of wyhash. Not cryptographic.
///
/// The result is the same in every process and on every machine, so it may be stored. A table whose keys strangers
/// choose takes a random seed.
///
/// Up to 16 bytes are two words and one multiplication. Longer inputs go through four lanes of 16 bytes, stripe by
/// stripe; the last 64 bytes (or, below 64, the last 16 and 32) are read from the end backwards and may overlap.
package enum Hash64 {
    package static func of(_ bytes: Span<UInt8>, seed: UInt64 = 0) -> UInt64 {
        unsafe bytes.withUnsafeBytes { buffer in
            let count = buffer.count
            let seed = seed ^ Mixing.key7
            guard let start = buffer.baseAddress, count > 16 else {
                return unsafe short(buffer, seed)
            }
            return count <= 64 ? unsafe medium(start, count, seed) : unsafe long(start, count, seed)
        }
    }

    @inline(__always)
    private static func finish(_ a: UInt64, _ b: UInt64, _ count: Int) -> UInt64 {
        let product = (a ^ Mixing.key1).multipliedFullWidth(by: b ^ Mixing.key2)
        return Mixing.fold(product.low ^ Mixing.key3, product.high ^ Mixing.key4 ^ UInt64(truncatingIfNeeded: count))
    }

    @inline(__always)
    private static func short(_ buffer: UnsafeRawBufferPointer, _ seed: UInt64) -> UInt64 {
        var words: (UInt64, UInt64) = (0, 0)
        if let start = buffer.baseAddress { words = unsafe Mixing.words(start, upTo16: buffer.count) }
        return finish(words.0 ^ seed, words.1 ^ Mixing.fold(seed, Mixing.key0), buffer.count)
    }

    /// One lane: sixteen bytes at `offset` into its state.
    @inline(__always)
    private static func absorb(_ state: UInt64, _ at: UnsafeRawPointer, _ offset: Int, _ key: UInt64) -> UInt64 {
        unsafe Mixing.fold(Mixing.word(at, offset) ^ key, Mixing.word(at, offset &+ 8) ^ state)
    }

    @inline(__always)
    private static func medium(_ start: UnsafeRawPointer, _ count: Int, _ seed: UInt64) -> UInt64 {
        var a = unsafe absorb(seed, start, 0, Mixing.key0)
        var b = unsafe absorb(seed, start, count &- 16, Mixing.key5)
        if count > 32 {
            a ^= unsafe absorb(seed, start, 16, Mixing.key3)
            b ^= unsafe absorb(seed, start, count &- 32, Mixing.key6)
        }
        return finish(a, b, count)
    }

    private static func long(_ start: UnsafeRawPointer, _ count: Int, _ seed: UInt64) -> UInt64 {
        var a = seed
        var b = seed
        var c = seed
        var d = seed
        let last = unsafe start + (count &- 64)
        var at = unsafe start
        while true {
            unsafe a = absorb(a, at, 0, Mixing.key0)
            unsafe b = absorb(b, at, 16, Mixing.key3)
            unsafe c = absorb(c, at, 32, Mixing.key5)
            unsafe d = absorb(d, at, 48, Mixing.key6)
            if unsafe at == last { break }
            unsafe at = min(at + 64, last)
        }
        return finish(a ^ (c &<< 32 | c &>> 32), b ^ (d &<< 32 | d &>> 32), count)
    }
}
