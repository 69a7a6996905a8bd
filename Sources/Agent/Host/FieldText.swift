import Encoding

/// A small text of the kernel, walked line by line, each line split into fields at blanks. Its memory is used again when
/// it is filled anew.
package struct FieldText {
    /// The whole content, which `HostFiles` fills.
    var bytes: [UInt8] = []
    /// The current line without its end.
    private(set) var line: Range<Int> = 0..<0
    private var fields: [Range<Int>] = []
    private var next = 0

    package init() {}

    /// Starts before the first line.
    mutating func rewind() {
        next = 0
        line = 0..<0
        fields.removeAll(keepingCapacity: true)
    }

    /// Goes to the next line and splits it.
    ///
    /// - Returns: false at the end.
    mutating func nextLine() -> Bool {
        guard next < bytes.count else { return false }
        fields.removeAll(keepingCapacity: true)
        let start = next
        var fieldStart = -1
        var index = next
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") {
            let isBlank = bytes[index] == UInt8(ascii: " ") || bytes[index] == UInt8(ascii: "\t")
            if isBlank, fieldStart >= 0 {
                fields.append(fieldStart..<index)
                fieldStart = -1
            } else if !isBlank, fieldStart < 0 {
                fieldStart = index
            }
            index += 1
        }
        if fieldStart >= 0 { fields.append(fieldStart..<index) }
        line = start..<index
        next = index + 1
        return true
    }

    /// How many fields the line has.
    var count: Int { fields.count }

    /// A field as text; empty where the line is shorter.
    func string(_ field: Int) -> String {
        guard field < fields.count else { return "" }
        return string(fields[field])
    }

    /// A field without the colon at its end.
    func key(_ field: Int) -> String {
        guard field < fields.count else { return "" }
        let range = fields[field]
        let hasColon = bytes[range.upperBound - 1] == UInt8(ascii: ":")
        return string(hasColon ? range.lowerBound..<range.upperBound - 1 : range)
    }

    /// The line from a field on, without blanks at its end.
    func rest(from field: Int) -> String {
        guard field < fields.count, let last = fields.last else { return "" }
        return string(fields[field].lowerBound..<last.upperBound)
    }

    var lineText: String { string(line) }

    func string(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    func isEqual(_ field: Int, _ text: String) -> Bool {
        guard field < fields.count, fields[field].count == text.utf8.count else { return false }
        return bytes[fields[field]].elementsEqual(text.utf8)
    }

    func isEqual(_ field: Int, _ text: [UInt8]) -> Bool {
        field < fields.count && bytes[fields[field]].elementsEqual(text)
    }

    func isLine(_ text: [UInt8]) -> Bool { bytes[line].elementsEqual(text) }

    func hasPrefix(_ field: Int, _ text: String) -> Bool {
        field < fields.count && bytes[fields[field]].starts(with: text.utf8)
    }

    /// A decimal number: whole ones without a String, others as Go reads them. Nil where it is none.
    func number(_ field: Int) -> Double? {
        guard field < fields.count else { return nil }
        return number(fields[field])
    }

    /// A whole number without sign.
    func whole(_ field: Int) -> UInt64? {
        guard field < fields.count else { return nil }
        return whole(fields[field])
    }

    func number(_ range: Range<Int>) -> Double? {
        if let whole = whole(range) { return Double(whole) }
        return FloatReading.float(string(range))
    }

    private func whole(_ range: Range<Int>) -> UInt64? {
        var value: UInt64 = 0
        for byte in bytes[range] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let (tens, over) = value.multipliedReportingOverflow(by: 10)
            let (sum, past) = tens.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !over, !past else { return nil }
            value = sum
        }
        return range.isEmpty ? nil : value
    }

    /// Where a field ends.
    func end(ofField field: Int) -> Int { fields[field].upperBound }

    /// Where a byte first stands in the line.
    func position(of byte: UInt8) -> Int? {
        bytes[line].firstIndex(of: byte)
    }
}
