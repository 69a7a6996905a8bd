import Encoding

/// What a search looks for, with what its bytes rule out.
struct Needle {
    /// In lower case where letters of ASCII count in either.
    let bytes: [UInt8]
    let foldsCase: Bool
    /// Whether all of it can stand in a number, with its sign and points.
    let fitsNumbers: Bool
    /// Whether all of it can stand in a moment.
    let fitsMoments: Bool
    let fitsIDs: Bool
    /// Of letters and digits.
    let longestRun: Int

    init(_ bytes: [UInt8], foldsCase: Bool = false) {
        var longest = 0
        WordRuns.forEach(in: bytes.span) { run, _ in longest = max(longest, run.count) }
        longestRun = longest
        self.bytes = bytes
        self.foldsCase = foldsCase
        fitsNumbers = bytes.allSatisfy(Self.fitsNumbers)
        fitsMoments = bytes.allSatisfy {
            let byte = foldsCase && ($0 == 0x74 || $0 == 0x7a) ? $0 & 0xdf : $0
            return (byte >= 0x2d && byte <= 0x3a) || byte == 0x54 || byte == 0x5a
        }
        fitsIDs = bytes.allSatisfy { NumberTexts.hexDigit($0) != nil }
    }

    /// Whether a byte can stand in a number or an address.
    static func fitsNumbers(_ byte: UInt8) -> Bool { (byte >= 0x30 && byte <= 0x39) || byte == 0x2d || byte == 0x2e }

    func find(in text: Span<UInt8>, from start: Int = 0) -> Int? {
        foldsCase
            ? ByteSearch.find(folded: bytes.span, in: text, from: start)
            : ByteSearch.find(bytes.span, in: text, from: start)
    }

    func isFound(in text: Span<UInt8>) -> Bool { find(in: text) != nil }

    /// Whether it might lie across a border of the pieces, which do not contain it (`Borders`).
    ///
    /// - Parameter mayHold: whether the value behind a piece, by the piece's number, may hold a byte.
    func mayCross(_ pieces: [[UInt8]], _ mayHold: (_ value: Int, _ byte: UInt8) -> Bool = { _, _ in true }) -> Bool {
        guard foldsCase else { return Borders.mayCross(bytes.span, pieces: pieces, mayHold) }
        return Borders.mayCross(
            bytes.span, pieces: pieces.map { $0.map { 0x41...0x5a ~= $0 ? $0 | 0x20 : $0 } }, mayHold)
    }
}

/// Searching many texts that lie one after the other in one go.
enum FlatTexts {
    static func mark(_ needle: Needle, _ bytes: Span<UInt8>, _ ends: [Int], into marks: inout [Bool]) {
        if needle.bytes.isEmpty {
            for index in ends.indices { marks[index] = true }
            return
        }
        var from = 0
        var text = 0
        while let found = needle.find(in: bytes, from: from) {
            while ends[text] <= found { text += 1 }
            if found + needle.bytes.count <= ends[text] {
                marks[text] = true
                from = ends[text]
            } else {
                from = found + 1
            }
        }
    }
}
