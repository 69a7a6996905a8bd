/// What HTTP's grammar says about single bytes, and comparisons of bytes with words of the protocol.
extension UInt8 {
    /// Part of a token: method, field name, transfer coding (RFC 9110, 5.6.2).
    @inline(__always)
    var isToken: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        case 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e...0x60, 0x7c, 0x7e: true
        default: false
        }
    }

    /// Part of a field value: visible, space, tab or beyond ASCII (RFC 9110, 5.5).
    @inline(__always)
    var isFieldContent: Bool { self >= 0x20 ? self != 0x7f : self == 0x09 }

    /// Space or tab.
    @inline(__always)
    var isBlank: Bool { self == 0x20 || self == 0x09 }

    @inline(__always)
    var lowercased: UInt8 { self >= 0x41 && self <= 0x5a ? self | 0x20 : self }

    @inline(__always)
    var hexDigit: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }
}

extension Span<UInt8> {
    @inline(__always)
    func equals(_ word: String) -> Bool {
        let word = word.utf8.span
        guard count == word.count else { return false }
        for index in indices where self[index] != word[index] { return false }
        return true
    }

    /// - Parameter word: in lower case.
    @inline(__always)
    func equalsIgnoringCase(_ word: String) -> Bool {
        let word = word.utf8.span
        guard count == word.count else { return false }
        for index in indices where self[index].lowercased != word[index] { return false }
        return true
    }

    /// The bytes without blanks at both ends.
    var trimmed: Span<UInt8> {
        @_lifetime(copy self)
        get {
            var first = 0
            var end = count
            while first < end, self[first].isBlank { first += 1 }
            while end > first, self[end - 1].isBlank { end -= 1 }
            return extracting(first..<end)
        }
    }

    func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        var index = start
        while index < count {
            if self[index] == byte { return index }
            index += 1
        }
        return nil
    }

    /// Calls `body` for each member of a comma-separated list, blanks removed, empty members passed over.
    func forEachListMember(_ body: (Span<UInt8>) -> Void) {
        var start = 0
        while start <= count {
            let end = firstIndex(of: 0x2c, from: start) ?? count
            let member = extracting(start..<end).trimmed
            if !member.isEmpty { body(member) }
            start = end + 1
        }
    }

    /// The bytes as text; what is not UTF-8 becomes the replacement character.
    package var text: String {
        unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
