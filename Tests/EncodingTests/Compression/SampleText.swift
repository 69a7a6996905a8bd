import TestSupport

/// Text with repeats, so that matches, literals and the long forms of both appear.
func sampleText(_ count: Int, _ random: inout SeededGenerator) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
        if bytes.count > 4, Bool.random(using: &random) {
            let start = Int.random(in: 0..<bytes.count, using: &random)
            bytes += bytes[start..<min(bytes.count, start + Int.random(in: 4...600, using: &random))]
        } else {
            let run = Int.random(in: 1...40, using: &random)
            for _ in 0..<run { bytes.append(UInt8.random(in: 97...122, using: &random)) }
        }
    }
    return Array(bytes.prefix(count))
}
