extension Lexer {
    /// Scans a number or a duration and says which; nil where it is neither. `position` is then behind what was read.
    mutating func scanNumber() -> Token.Kind? {
        let begin = position
        if scanPlainNumber() { return .number }
        // A duration begins like a decimal number and has a unit behind it.
        if position > begin, scanUnits() { return .duration }
        return nil
    }

    private func isAny(_ characters: String) -> Bool { current.map(characters.utf8.contains) ?? false }

    private mutating func accept(_ characters: String) -> Bool {
        guard isAny(characters) else { return false }
        position += 1
        return true
    }

    /// The syntax is checked loosely here (each part once, no part where it cannot stand); its value is read later.
    private mutating func scanPlainNumber() -> Bool {
        let isHex = current == UInt8(ascii: "0") && peek().map { $0 | 0x20 } == UInt8(ascii: "x")
        if isHex {
            position += 2
            _ = accept("_")
        }
        func isDigit(_ byte: UInt8) -> Bool {
            Self.isDigit(byte) || isHex && UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte | 0x20
        }
        var sawDot = false
        var sawExponent = false
        while let byte = current {
            if isDigit(byte) {
                position += 1
            } else if byte == UInt8(ascii: "."), !isHex {
                if sawDot || sawExponent { return false }
                sawDot = true
                position += 1
                if isAny("_.") { return false }
            } else if byte | 0x20 == UInt8(ascii: "e"), !isHex, !sawExponent {
                sawExponent = true
                position += 1
                _ = accept("+-")
                if isAny("._eE") || current == nil { return false }
            } else if byte == UInt8(ascii: "_") {
                position += 1
                if isAny("._eE") || current == nil { return false }
            } else {
                break
            }
        }
        return current.map(Self.isAlphaNumeric) != true
    }

    private mutating func scanUnits() -> Bool {
        guard accept("smhdwy") else { return false }
        _ = accept("s")
        while isAny("0123456789") {
            take(where: Self.isDigit)
            guard accept("smhdw") else { return false }
            _ = accept("s")
        }
        return current.map(Self.isAlphaNumeric) != true
    }
}
