import Encoding

extension FuzzedDecoder {
    /// The strict reader, the tree, the writer and the scanner of log lines have to agree.
    static let json = FuzzedDecoder("json", bytesMax: 512) { bytes in
        var fields = JSONFields()
        let isObject = fields.scan(bytes)
        for field in fields.fields {
            check(
                0 <= field.nameStart && field.nameStart <= field.nameEnd && field.nameEnd <= field.valueStart
                    && field.valueStart <= field.valueEnd && field.valueEnd <= bytes.count, "a field lies outside")
            var text: [UInt8] = []
            JSONText.unescape(bytes.extracting(field.value), into: &text)
        }
        var written: [UInt8] = []
        JSONText.append(string: bytes, to: &written)
        check(Self.value(of: written.span)?.text != nil, "a written string does not read back")
        guard let tree = Self.value(of: bytes) else { return }
        if case .object(let members) = tree {
            check(isObject || members.count > JSONFields.fieldsMax, "the scanner refuses a valid object")
            check(!isObject || fields.fields.count == members.count, "the scanner finds other fields")
        } else {
            check(!isObject, "the scanner takes what is no object")
        }
        var writer = JSONWriter()
        writer.value(tree)
        check(Self.value(of: writer.bytes.span) == tree, "a written tree does not read back")
    }

    private static func value(of bytes: Span<UInt8>) -> JSONValue? {
        try? JSONValue.parse(bytes)  // whether it is valid is all that matters
    }
}
