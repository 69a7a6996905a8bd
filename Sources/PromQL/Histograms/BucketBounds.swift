import Glibc

/// Upper bounds of exponential buckets: bucket `i` of schema `s` ends at 2^(i / 2^s).
enum BucketBounds {
    static let exponentialSchemas: ClosedRange<Int32> = -4...8

    /// How the published bounds of schema 8 within [0.5, 1), which all senders and Prometheus share, differ from
    /// 2^(k/256)/2 rounded to the nearest Double: units in the last place, 4 standing for none.
    private static let differences: StaticString = """
        4444443444344444443244333333333344344434433344334433453344334433\
        4444443333223423443444344443444444434544342244334333443434223333\
        3434332233233433333333232322232244334434332234223322343323223323\
        3312332322212122222222111100120133233222231133222312332222012211
        """

    /// Bounds of schema 8 within [0.5, 1); those of coarser schemas are every 2nd, 4th, ... of them.
    private static let fractions: [Double] = (0..<256).map { index in
        let exact = exp2(Double(index) / 256) / 2
        let difference = unsafe Int64(differences.utf8Start[index]) - Int64(UInt8(ascii: "4"))
        return Double(bitPattern: UInt64(Int64(exact.bitPattern) + difference))
    }

    static func exponential(_ index: Int, schema: Int32) -> Double {
        if schema < 0 {
            let exponent = index << Int(-schema)
            // The next bound would be infinite, which is that of the bucket of infinite observations.
            return exponent == 1024 ? .greatestFiniteMagnitude : scalbn(1, clamped(exponent))
        }
        let fraction = fractions[(index & ((1 << Int(schema)) - 1)) << Int(8 - schema)]
        let exponent = (index >> Int(schema)) + 1
        return fraction == 0.5 && exponent == 1025 ? .greatestFiniteMagnitude : scalbn(fraction, clamped(exponent))
    }

    private static func clamped(_ exponent: Int) -> Int32 { Int32(clamping: exponent) }

    /// Bucket 0 begins at minus infinity, the last one ends at infinity.
    static func custom(_ index: Int, bounds: [Double]) -> Double {
        if index < 0 { return -.infinity }
        return index < bounds.count ? bounds[index] : .infinity
    }
}
