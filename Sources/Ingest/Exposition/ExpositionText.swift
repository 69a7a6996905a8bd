import Encoding

/// Names and values as quoted texts of the exposition formats.
enum ExpositionText {
    /// Backslashes, quotes and line ends as escapes.
    static func escape(_ text: Span<UInt8>, appendingTo output: inout [UInt8]) {
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), UInt8(ascii: "\\")]
            case UInt8(ascii: "\""): output += [UInt8(ascii: "\\"), UInt8(ascii: "\"")]
            case UInt8(ascii: "\n"): output += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            default: output.append(text[index])
            }
        }
    }

    /// `,"name"="value"`.
    static func append(label name: Span<UInt8>, _ value: Span<UInt8>, to output: inout [UInt8]) {
        output += ",\"".utf8
        escape(name, appendingTo: &output)
        output += "\"=\"".utf8
        escape(value, appendingTo: &output)
        output.append(UInt8(ascii: "\""))
    }
}

extension Span<UInt8> {
    /// As UTF-8; what is none becomes replacement characters.
    var text: String { String(decoding: indices.map { self[$0] }, as: UTF8.self) }
}
