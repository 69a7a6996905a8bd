import Encoding

/// The texts of one request of remote_write 2.0, each once. Symbol 0 is the empty text.
struct SymbolTable: Sendable {
    private var texts: [UInt8] = []
    /// Where each text ends in `texts`.
    private var ends: [Int] = [0]
    private var hashes: [UInt64] = [0]
    /// The number of a symbol, or zero for a free place; a power of two, at most half full.
    private var places = [UInt32](repeating: 0, count: 1024)

    var count: Int { ends.count }
    var byteCount: Int { texts.count }

    subscript(number: Int) -> Span<UInt8> {
        @_lifetime(borrow self)
        get { texts.span.extracting(number == 0 ? 0..<0 : ends[number - 1]..<ends[number]) }
    }

    mutating func removeAll() {
        texts.removeAll(keepingCapacity: true)
        ends.removeLast(ends.count - 1)
        hashes.removeLast(hashes.count - 1)
        for place in places.indices { places[place] = 0 }
    }

    mutating func reference(to text: String) -> UInt64 {
        var text = text
        text.makeContiguousUTF8()
        return reference(to: text.utf8.span)
    }

    mutating func reference(to text: Span<UInt8>) -> UInt64 {
        if text.isEmpty { return 0 }
        let hash = Hash64.of(text)
        var place = Int(truncatingIfNeeded: hash) & (places.count - 1)
        while places[place] != 0 {
            let number = Int(places[place])
            if hashes[number] == hash, isEqual(number, text) { return UInt64(number) }
            place = (place + 1) & (places.count - 1)
        }
        texts.append(text)
        ends.append(texts.count)
        hashes.append(hash)
        places[place] = UInt32(ends.count - 1)
        if ends.count > places.count / 2 { grow() }
        return UInt64(ends.count - 1)
    }

    private func isEqual(_ number: Int, _ text: Span<UInt8>) -> Bool {
        let start = ends[number - 1]
        guard ends[number] - start == text.count else { return false }
        for index in text.indices where texts[start + index] != text[index] { return false }
        return true
    }

    private mutating func grow() {
        places = [UInt32](repeating: 0, count: places.count * 2)
        for number in 1..<ends.count {
            var place = Int(truncatingIfNeeded: hashes[number]) & (places.count - 1)
            while places[place] != 0 { place = (place + 1) & (places.count - 1) }
            places[place] = UInt32(number)
        }
    }
}
