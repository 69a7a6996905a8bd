import Encoding

extension FuzzedDecoder {
    /// Text that is accepted is the text that the bytes are written as.
    static let digits = FuzzedDecoder("digits", bytesMax: 256) { input in
        let text = String(decoding: input.array, as: UTF8.self)
        if let bytes = try? Hexadecimal.decode(input) {  // refusing is right for most inputs
            check(Hexadecimal.string(bytes.span) == text.lowercased(), "hexadecimal text is not read back")
        }
        if let bytes = try? Base64.standard.decode(input) {  // likewise
            check(Base64.standard.string(bytes.span) == text, "base64 text is not read back")
        }
        if let bytes = try? Base64.url.decode(input) {  // likewise
            check(Base64.url.string(bytes.span) == text.filter { $0 != "=" }, "base64url text is not read back")
        }
    }
}
