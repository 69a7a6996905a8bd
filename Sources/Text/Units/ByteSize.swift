package import Encoding

/// A size that could not be read.
package struct ByteSizeError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}

/// Sizes as Prometheus writes them: `15MB`, `1.5GiB`, `512B`. All units are powers of 1024, `MB` like `MiB`.
package enum ByteSize {
    /// Reads one or more numbers with units, such as `1GB512MB`, with a sign. `0` needs no unit.
    package static func bytes(of text: String) throws(ByteSizeError) -> Int64 {
        var rest = Array(text.utf8)[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        if rest == [UInt8(ascii: "0")] { return 0 }
        guard !rest.isEmpty else { throw ByteSizeError(description: "a size is missing") }
        var total = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { isDigit($0) || $0 == UInt8(ascii: ".") }
            rest = rest[number.endIndex...]
            let unit = rest.prefix { !isDigit($0) && $0 != UInt8(ascii: ".") }
            rest = rest[unit.endIndex...]
            guard let value = Double(String(decoding: number, as: UTF8.self)) else {
                throw ByteSizeError(description: "\(Quoted.text(text)) is not a size (write it like 512MB)")
            }
            let name = String(decoding: unit, as: UTF8.self)
            guard let multiplier = units.first(where: { $0.names.contains(name) })?.bytes else {
                throw ByteSizeError(
                    description:
                        "unknown unit \(Quoted.text(name)) in \(Quoted.text(text)) (use B, KB, MB, GB, TB, PB or EB)")
            }
            total += value * Double(multiplier)
        }
        guard total < 9.2e18 else { throw ByteSizeError(description: "\(Quoted.text(text)) is out of range") }
        return isNegative ? -Int64(total) : Int64(total)
    }

    /// With the largest unit that leaves no fraction: `1536KiB`, `2GiB`.
    package static func text(ofBytes bytes: Int64) -> String {
        let unit = units.first { bytes != 0 && bytes % $0.bytes == 0 }
        return "\(bytes / (unit?.bytes ?? 1))\(unit?.names[0] ?? "B")"
    }

    private static let units: [(names: [String], bytes: Int64)] = [
        (["EiB", "EB"], 1 << 60), (["PiB", "PB"], 1 << 50), (["TiB", "TB"], 1 << 40), (["GiB", "GB"], 1 << 30),
        (["MiB", "MB"], 1 << 20), (["KiB", "KB"], 1 << 10), (["B"], 1),
    ]

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}

extension YAMLSection {
    /// A size in bytes; nil where it is absent, null or refused.
    package func bytes(_ key: String) -> Int64? {
        guard let text = string(key) else { return nil }
        do throws(ByteSizeError) {
            return try ByteSize.bytes(of: text)
        } catch {
            refuse(at: key, "\(key): \(error)")
            return nil
        }
    }
}
