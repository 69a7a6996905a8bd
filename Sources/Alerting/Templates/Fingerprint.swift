package import Model

/// The number that names an alert to programs: FNV-1a over its labels, as Prometheus' clients compute it.
package enum Fingerprint {
    package static func of(_ labels: Labels) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ byte: UInt8) {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        for (name, value) in labels.pairs {
            for byte in name.utf8 { add(byte) }
            add(255)
            for byte in value.utf8 { add(byte) }
            add(255)
        }
        return hash
    }

    /// Sixteen digits.
    package static func text(_ labels: Labels) -> String {
        let digits = String(of(labels), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
