/// Personal data and secrets, made up, for tests of what takes them out of logs.
package enum PlantedItem {
    /// E-mail addresses, card numbers, addresses of machines and tokens.
    package static let kinds = 4

    /// A line with the item somewhere in it.
    package static func line(with item: String, _ word: String, _ generator: inout SeededGenerator) -> String {
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: item
        case 1: "\(word) \(item)"
        case 2: "\(item), \(word)"
        case 3: "{\"a\":\"\(item)\",\"b\":\"\(word)\"}"
        case 4: "level=info v=\(item) w=\(word)"
        default: "(\(item)) [\(word)] <\(item)>"
        }
    }

    /// - Parameter kind: below `kinds`.
    package static func any(_ kind: Int, _ generator: inout SeededGenerator) -> String {
        func digit() -> Int { Int.random(in: 0...9, using: &generator) }
        func text(_ count: Int) -> String {
            String((0..<count).map { _ in "abcdefghijkmnopqrstuvwxyz".randomElement(using: &generator)! })
        }
        switch kind {
        case 0:
            return
                "\(text(5)).\(text(3))@\(text(6)).example.\(["com", "de", "museum"].randomElement(using: &generator)!)"
        case 1:
            var digits = [4] + (0..<14).map { _ in digit() }
            let sum = digits.reversed().enumerated().reduce(0) { sum, entry in
                let doubled = entry.offset & 1 == 0 ? entry.element * 2 : entry.element
                return sum + (doubled > 9 ? doubled - 9 : doubled)
            }
            digits.append((10 - sum % 10) % 10)
            let plain = digits.map(String.init).joined()
            guard Bool.random(using: &generator) else { return plain }
            return stride(from: 0, to: 16, by: 4).map { String(plain.dropFirst($0).prefix(4)) }.joined(separator: "-")
        case 2: return (0..<4).map { _ in "\(Int.random(in: 1...254, using: &generator))" }.joined(separator: ".")
        default: return "eyJ\(text(20)).\(text(30)).\(text(25))"
        }
    }
}
