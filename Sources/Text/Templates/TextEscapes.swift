import Encoding

/// Texts made safe for other languages, as Go's templates do it.
package enum TextEscapes {
    package static func html(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\0": escaped += "\u{fffd}"
            case "\"": escaped += "&#34;"
            case "'": escaped += "&#39;"
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    package static func javaScript(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "'": escaped += "\\'"
            case "\"": escaped += "\\\""
            case "<", ">", "&", "=": escaped += "\\u00" + GoQuote.hex(scalar.value, 2, uppercase: true)
            case _ where scalar.value < 0x20: escaped += "\\u00" + GoQuote.hex(scalar.value, 2, uppercase: true)
            case _ where !scalar.isASCII && !GoQuote.isPrintable(scalar):
                escaped += "\\u" + GoQuote.hex(scalar.value, 4, uppercase: true)
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A value in the query of a URL: `url.QueryEscape`.
    package static func query(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: " "): escaped += "+"
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default: escaped += "%" + GoQuote.hex(UInt32(byte), 2, uppercase: true)
            }
        }
        return escaped
    }
}
