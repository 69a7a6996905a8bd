import CKernels

/// The top-level fields of a JSON object as ranges of its bytes: what log ingest needs of a line.
///
/// Nothing is unescaped, converted or copied, and a nested value is one range with its brackets. Strings, brackets,
/// colons and commas are followed strictly enough that every range is right; whether numbers, escapes and nested
/// values are well-formed is `JSONSyntax`' question. Reuse one value for many lines: it keeps its storage.
package struct JSONFields: Sendable {
    package enum Kind: UInt8, Sendable {
        /// The range is what stands between the quotes.
        case string
        case number
        case bool
        case null
        case object
        case array
    }

    package struct Field: Sendable {
        package fileprivate(set) var nameStart: Int32 = 0
        package fileprivate(set) var nameEnd: Int32 = 0
        package fileprivate(set) var valueStart: Int32 = 0
        package fileprivate(set) var valueEnd: Int32 = 0
        package fileprivate(set) var kind = Kind.null
        package fileprivate(set) var nameHasEscapes = false
        /// Of a string only.
        package fileprivate(set) var valueHasEscapes = false

        /// What stands between the quotes of the name.
        package var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }
        package var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }

        /// Cases are told apart by patterns: `==` of another room's enumeration is called through its protocol.
        @inlinable package var isObject: Bool { if case .object = kind { true } else { false } }
        @inlinable package var isString: Bool { if case .string = kind { true } else { false } }
    }

    package static let fieldsMax = 4096
    package static let depthMax = 100

    package private(set) var fields: [Field] = []

    package init() {}

    /// Finds the fields of the object that `line` is. False where it is none, has more than `fieldsMax` fields, is
    /// nested deeper than `depthMax` or longer than 2 GB; `fields` is then meaningless.
    package mutating func scan(_ line: Span<UInt8>) -> Bool {
        fields.removeAll(keepingCapacity: true)
        guard line.count <= Int(Int32.max) else { return false }
        return unsafe line.withUnsafeBufferPointer { bytes in
            guard var scanner = unsafe FieldScanner(bytes) else { return false }
            return unsafe scanner.object(into: &fields)
        }
    }
}

/// Walks one line. All loads stay inside `bytes`.
@unsafe private struct FieldScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    /// `bytes.baseAddress`, which is there: a line has at least its brackets.
    let start: UnsafePointer<UInt8>
    var index = 0

    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { return nil }
        unsafe self.bytes = bytes
        unsafe self.start = start
    }

    mutating func object(into fields: inout [JSONFields.Field]) -> Bool {
        guard unsafe take(UInt8(ascii: "{")) else { return false }
        if unsafe take(UInt8(ascii: "}")) { return unsafe isAtEnd() }
        repeat {
            guard unsafe field(into: &fields), fields.count <= JSONFields.fieldsMax else { return false }
        } while unsafe take(UInt8(ascii: ","))
        return unsafe take(UInt8(ascii: "}")) && isAtEnd()
    }

    @inline(__always)
    private mutating func field(into fields: inout [JSONFields.Field]) -> Bool {
        var field = JSONFields.Field()
        guard unsafe take(UInt8(ascii: "\"")) else { return false }
        unsafe field.nameStart = Int32(truncatingIfNeeded: index)
        guard unsafe string(&field.nameHasEscapes) else { return false }
        unsafe field.nameEnd = Int32(truncatingIfNeeded: index - 1)
        guard unsafe take(UInt8(ascii: ":")), unsafe value(&field) else { return false }
        fields.append(field)
        return true
    }

    @inline(__always)
    private mutating func value(_ field: inout JSONFields.Field) -> Bool {
        unsafe skipWhiteSpace()
        guard unsafe index < bytes.count else { return false }
        let first = unsafe bytes[index]
        unsafe field.valueStart = Int32(truncatingIfNeeded: index)
        switch first {
        case UInt8(ascii: "\""):
            unsafe index += 1
            field.kind = .string
            field.valueStart += 1
            guard unsafe string(&field.valueHasEscapes) else { return false }
            unsafe field.valueEnd = Int32(truncatingIfNeeded: index - 1)
            return true
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            field.kind = first == UInt8(ascii: "{") ? .object : .array
            guard unsafe nested() else { return false }
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            field.kind = .bool
            guard unsafe word(first == UInt8(ascii: "t") ? "true" : "false") else { return false }
        case UInt8(ascii: "n"):
            guard unsafe word("null") else { return false }
        default:
            field.kind = .number
            guard unsafe number() else { return false }
        }
        unsafe field.valueEnd = Int32(truncatingIfNeeded: index)
        return true
    }

    /// Moves behind the quote that ends the string which `index` is in.
    @inline(__always)
    private mutating func string(_ hasEscapes: inout Bool) -> Bool {
        while true {
            unsafe index = ckernels_json_string_stop(start, index, bytes.count)
            guard unsafe index < bytes.count else { return false }
            let byte = unsafe bytes[index]
            unsafe index += 1
            if byte == UInt8(ascii: "\"") { return true }
            hasEscapes = true
            unsafe index = min(index + 1, bytes.count)
        }
    }

    /// Moves behind the bracket that closes the one at `index`.
    private mutating func nested() -> Bool {
        var closers: [UInt8] = []
        repeat {
            let byte = unsafe bytes[index]
            unsafe index += 1
            switch byte {
            case UInt8(ascii: "\""):
                var hasEscapes = false
                guard unsafe string(&hasEscapes) else { return false }
            case UInt8(ascii: "{"): closers.append(UInt8(ascii: "}"))
            case UInt8(ascii: "["): closers.append(UInt8(ascii: "]"))
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard closers.popLast() == byte else { return false }
                if closers.isEmpty { return true }
            default: break
            }
        } while unsafe index < bytes.count && closers.count <= JSONFields.depthMax
        return false
    }

    private mutating func word(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard unsafe index + count <= bytes.count else { return false }
        for offset in 0..<count {
            guard unsafe bytes[index + offset] == word.utf8Start[offset] else { return false }
        }
        unsafe index += count
        return true
    }

    @inline(__always)
    private mutating func number() -> Bool {
        let start = unsafe index
        while unsafe index < bytes.count {
            switch unsafe bytes[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "+"),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                unsafe index += 1
            default: return unsafe index > start
            }
        }
        return false
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8) -> Bool {
        unsafe skipWhiteSpace()
        guard unsafe index < bytes.count && bytes[index] == byte else { return false }
        unsafe index += 1
        return true
    }

    private mutating func isAtEnd() -> Bool {
        unsafe skipWhiteSpace()
        return unsafe index == bytes.count
    }

    @inline(__always)
    private mutating func skipWhiteSpace() {
        while unsafe index < bytes.count {
            let byte = unsafe bytes[index]
            guard byte <= 0x20, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { return }
            unsafe index += 1
        }
    }
}
