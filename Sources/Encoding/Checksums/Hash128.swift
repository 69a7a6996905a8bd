/// A seeded 128-bit hash of bytes, wide enough that equal hashes may be taken for equal bytes: the key of caches that
/// do not keep the bytes. Not cryptographic; the seed is random and stays in the process, so strangers cannot look
/// for collisions.
package struct Hash128: Hashable, Sendable {
    package let low: UInt64
    package let high: UInt64

    @inlinable
    package init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    @inlinable
    package static func == (a: Self, b: Self) -> Bool { (a.low ^ b.low) | (a.high ^ b.high) == 0 }

    /// The bits are mixed already; one half is enough for a table.
    @inlinable
    package func hash(into hasher: inout Hasher) { hasher.combine(low) }

    /// Two lanes of 128 bits each take 16 bytes a step. A step keeps the whole product and adds what was multiplied,
    /// so a factor of zero hides nothing. The last 32 bytes are read from the end backwards and may overlap.
    package static func of(_ bytes: Span<UInt8>, seed: Hash128) -> Hash128 {
        unsafe bytes.withUnsafeBytes { buffer in
            let count = buffer.count
            var a = Lane(seed.low ^ Mixing.key0, seed.high ^ Mixing.key1)
            var b = Lane(seed.high ^ Mixing.key2, seed.low ^ Mixing.key3)
            if let start = buffer.baseAddress {
                if count > 32 {
                    var at = 0
                    while true {
                        unsafe a.absorb(Mixing.word(start, at), Mixing.word(start, at &+ 8))
                        unsafe b.absorb(Mixing.word(start, at &+ 16), Mixing.word(start, at &+ 24))
                        if at == count &- 32 { break }
                        at = min(at &+ 32, count &- 32)
                    }
                } else if count > 16 {
                    unsafe a.absorb(Mixing.word(start, 0), Mixing.word(start, 8))
                    unsafe b.absorb(Mixing.word(start, count &- 16), Mixing.word(start, count &- 8))
                } else {
                    let words = unsafe Mixing.words(start, upTo16: count)
                    a.absorb(words.0, words.1)
                }
            }
            a.absorb(b.low ^ UInt64(truncatingIfNeeded: count), b.high)
            a.absorb(Mixing.key4, Mixing.key5)
            // A half of a product has weak bits at one end; folded they are even.
            return Hash128(
                low: Mixing.fold(a.low ^ Mixing.key6, a.high ^ Mixing.key7),
                high: Mixing.fold(a.low ^ Mixing.key2, (a.high &<< 32 | a.high &>> 32) ^ Mixing.key3))
        }
    }

    private struct Lane {
        var low: UInt64
        var high: UInt64

        @inline(__always)
        init(_ low: UInt64, _ high: UInt64) {
            self.low = low
            self.high = high
        }

        @inline(__always)
        mutating func absorb(_ x: UInt64, _ y: UInt64) {
            let product = (x ^ low).multipliedFullWidth(by: y ^ high)
            low = product.low ^ y &+ Mixing.key5
            high = product.high &+ x
        }
    }
}
