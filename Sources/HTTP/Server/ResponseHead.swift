import Posix

/// What an answer must know about its request, kept after the request is gone.
struct ExchangeFacts: Sendable {
    var method = Method.get
    var route: Route?
    /// As it was sent, for the access log; empty where nobody logs.
    var path = ""
    var peer = SocketAddress.loopback(port: 0)
    var principal: Principal?
    var id: UInt64 = 0
    var isVersion11 = true
    /// Whether the connection stays open after the answer.
    var keepsAlive = false
    var isHead = false
    var acceptsGzip = false
    /// The value of Access-Control-Allow-Origin, or nil where it is not sent.
    var allowOrigin: String?
    /// Monotonic.
    var startNs: Int64 = 0
    var bodyBytes = 0
    /// A handler answers, not the server itself.
    var isHandled = false
}

/// How the body of an answer is delimited.
enum ResponseFraming: Equatable {
    case length(Int)
    case chunked
    /// By the end of the connection: HTTP/1.0 streams.
    case untilClose
}

/// The header fields that a handler adds, already in the form in which they are sent.
package struct ResponseFields: ~Copyable, Sendable {
    var encoded = SocketBuffer()

    package init() {}

    /// - Parameter value: control characters in it become spaces, so that no value can add a field of its own.
    package mutating func append(_ name: String, _ value: String) {
        encoded.append(name)
        encoded.append(": ")
        for byte in value.utf8 { encoded.append(byte.isFieldContent ? byte : 0x20) }
        encoded.append("\r\n")
    }
}

extension SocketBuffer {
    mutating func appendDecimal(_ number: Int) {
        var digits: InlineArray<20, UInt8> = .init(repeating: 0)
        var place = 20
        var rest = number.magnitude
        repeat {
            place -= 1
            digits[place] = UInt8(truncatingIfNeeded: rest % 10) + 0x30
            rest /= 10
        } while rest > 0
        append(digits.span.extracting(place..<20))
    }

    mutating func appendHexadecimal(_ number: Int) {
        append(String(number, radix: 16))
    }

    /// Writes the status line and all fields.
    mutating func appendResponseHead(
        _ status: Status, _ facts: ExchangeFacts, _ framing: ResponseFraming, contentType: String?,
        contentEncoding: String? = nil, date: String, _ fields: borrowing ResponseFields
    ) {
        append("HTTP/1.1 ")
        appendDecimal(status.rawValue)
        append(" ")
        append(status.reason)
        appendField("\r\nDate: ", date)
        if let contentType { appendField("Content-Type: ", contentType) }
        if let contentEncoding { appendField("Content-Encoding: ", contentEncoding) }
        if let contentType, BodyCoding.isText(contentType) { append("Vary: Accept-Encoding\r\n") }
        switch framing {
        case .length(let count) where !status.forbidsBody:
            append("Content-Length: ")
            appendDecimal(count)
            append("\r\n")
        case .chunked where !status.forbidsBody: append("Transfer-Encoding: chunked\r\n")
        default: break
        }
        if !facts.keepsAlive {
            append("Connection: close\r\n")
        } else if !facts.isVersion11 {
            append("Connection: keep-alive\r\n")
        }
        if let origin = facts.allowOrigin {
            appendField("Access-Control-Allow-Origin: ", origin)
            if origin != "*" { append("Vary: Origin\r\n") }
        }
        append(fields.encoded.bytes)
        append("\r\n")
    }

    private mutating func appendField(_ name: String, _ value: String) {
        append(name)
        append(value)
        append("\r\n")
    }
}
