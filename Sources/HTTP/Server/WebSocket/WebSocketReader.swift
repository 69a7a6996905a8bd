import Encoding
package import Posix

/// Why a WebSocket ends, by the codes of RFC 6455, 7.4.
package struct WebSocketClose: Error, Equatable, Sendable {
    package let code: Int
    package let reason: String

    package init(_ code: Int, _ reason: String = "") {
        self.code = code
        self.reason = reason
    }

    package static let normal = WebSocketClose(1000)
    package static let goingAway = WebSocketClose(1001, "the server stops")
    /// The client closed without a code; never sent.
    package static let noCode = WebSocketClose(1005)
    /// The connection broke off; never sent.
    package static let brokenOff = WebSocketClose(1006)

    /// The connection was broken off because the client did not read; never sent.
    package static let tooSlow = WebSocketClose(1006, "the client did not read what it was sent")

    static func protocolError(_ reason: String) -> WebSocketClose { WebSocketClose(1002, reason) }

    /// Whether a peer may send the code.
    static func isSendable(_ code: Int) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}

/// What the frames of a WebSocket carry.
package enum WebSocketKind: Sendable {
    case text
    case binary
}

/// Takes a client's frames apart and puts fragmented messages together, strictly by RFC 6455.
package struct WebSocketReader {
    package enum Event {
        /// The message lies in the input, or in `assembled`.
        case message(WebSocketKind)
        case ping
        case pong
        case close(WebSocketClose)
    }

    private enum Opcode: UInt8 {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10

        var isControl: Bool { rawValue >= 8 }
    }

    private struct Header {
        let isFinal: Bool
        let opcode: Opcode
        let payload: Range<Int>
        let mask: UInt32
    }

    /// The longest frame header from a client: two bytes, a length of eight, a mask of four.
    static let headerBytesMax = 14

    private let messageBytesMax: Int
    /// The kind of the message whose fragments are awaited.
    private var fragmented: WebSocketKind?
    /// The fragments of a message that came in several.
    package private(set) var assembled: [UInt8] = []
    /// Where the last event's bytes lie in the input, if not in `assembled`.
    package private(set) var payload = 0..<0
    /// Whether the last message came in fragments.
    package private(set) var isAssembled = false
    /// How many bytes the frame that is incomplete needs in all.
    package private(set) var wantedBytes = headerBytesMax

    package init(messageBytesMax: Int) {
        self.messageBytesMax = messageBytesMax
    }

    /// Reads one frame.
    ///
    /// - Returns: what came, whose bytes are to be consumed up to `frameEnd` once it is dealt with; nil while the frame
    ///   is incomplete. Fragments that do not complete a message are passed over.
    package mutating func next(_ input: inout SocketBuffer) throws(WebSocketClose) -> (event: Event?, frameEnd: Int)? {
        guard let header = try header(input.bytes) else { return nil }
        wantedBytes = header.payload.upperBound
        guard input.count >= wantedBytes else { return nil }
        wantedBytes = Self.headerBytesMax
        Self.unmask(&input, header)
        payload = header.payload
        isAssembled = false
        let event = try event(header, input.bytes.extracting(header.payload))
        return (event, header.payload.upperBound)
    }

    private func header(_ bytes: Span<UInt8>) throws(WebSocketClose) -> Header? {
        guard bytes.count >= 2 else { return nil }
        if bytes[0] & 0x70 != 0 { throw .protocolError("a reserved bit is set") }
        guard let opcode = Opcode(rawValue: bytes[0] & 0x0f) else { throw .protocolError("the opcode is unknown") }
        guard bytes[1] & 0x80 != 0 else { throw .protocolError("a client's frame is not masked") }
        let isFinal = bytes[0] & 0x80 != 0
        let short = Int(bytes[1] & 0x7f)
        if opcode.isControl, !isFinal || short > 125 {
            throw .protocolError("a control frame is fragmented or longer than 125 bytes")
        }
        let lengthBytes = short == 126 ? 2 : short == 127 ? 8 : 0
        guard bytes.count >= 2 + lengthBytes + 4 else { return nil }
        var length = lengthBytes == 0 ? UInt64(short) : 0
        for place in 0..<lengthBytes { length = length << 8 | UInt64(bytes[2 + place]) }
        if lengthBytes == 2 && length < 126 || lengthBytes == 8 && length < 65_536 {
            throw .protocolError("a length is not written in the shortest form")
        }
        let taken = opcode.isControl ? 0 : assembled.count
        guard length <= UInt64(messageBytesMax - taken) else {
            throw WebSocketClose(1009, "a message is longer than \(messageBytesMax) bytes")
        }
        var mask: UInt32 = 0
        for place in 0..<4 { mask |= UInt32(bytes[2 + lengthBytes + place]) << (8 * UInt32(place)) }
        let start = 6 + lengthBytes
        return Header(isFinal: isFinal, opcode: opcode, payload: start..<(start + Int(length)), mask: mask)
    }

    private static func unmask(_ input: inout SocketBuffer, _ header: Header) {
        input.withMutableBytes { bytes in
            var mask = header.mask
            for place in header.payload {
                bytes[place] ^= UInt8(truncatingIfNeeded: mask)
                mask = mask >> 8 | mask << 24
            }
        }
    }

    private mutating func event(_ header: Header, _ bytes: Span<UInt8>) throws(WebSocketClose) -> Event? {
        switch header.opcode {
        case .ping: return .ping
        case .pong: return .pong
        case .close: return .close(try Self.close(bytes))
        case .text, .binary:
            guard fragmented == nil else { throw .protocolError("a message begins inside of another") }
            let kind = header.opcode == .text ? WebSocketKind.text : .binary
            if header.isFinal { return try message(kind, bytes) }
            fragmented = kind
            assembled.append(bytes)
            return nil
        case .continuation:
            guard let kind = fragmented else { throw .protocolError("a continuation has no beginning") }
            assembled.append(bytes)
            guard header.isFinal else { return nil }
            fragmented = nil
            isAssembled = true
            return try message(kind, assembled.span)
        }
    }

    private func message(_ kind: WebSocketKind, _ bytes: Span<UInt8>) throws(WebSocketClose) -> Event {
        if kind == .text, !UTF8Check.isValid(bytes) { throw WebSocketClose(1007, "a text is not UTF-8") }
        return .message(kind)
    }

    /// Gives back the memory of a message that is dealt with.
    package mutating func forgetMessage() {
        if isAssembled { assembled = [] }
        isAssembled = false
    }

    private static func close(_ bytes: Span<UInt8>) throws(WebSocketClose) -> WebSocketClose {
        if bytes.isEmpty { return .noCode }
        guard bytes.count >= 2 else { throw .protocolError("a close code has one byte") }
        let code = Int(bytes[0]) << 8 | Int(bytes[1])
        guard WebSocketClose.isSendable(code) else { throw .protocolError("the close code \(code) may not be sent") }
        let reason = bytes.extracting(2..<bytes.count)
        guard UTF8Check.isValid(reason) else { throw WebSocketClose(1007, "the reason of a close is not UTF-8") }
        return WebSocketClose(code, reason.text)
    }
}

extension SocketBuffer {
    /// Appends one whole frame of a server, which does not mask.
    mutating func appendFrame(opcode: UInt8, _ payload: Span<UInt8>) {
        append(0x80 | opcode)
        switch payload.count {
        case ..<126: append(UInt8(payload.count))
        case ..<65_536:
            append(126)
            for shift in [8, 0] { append(UInt8(truncatingIfNeeded: payload.count >> shift)) }
        default:
            append(127)
            for shift in stride(from: 56, through: 0, by: -8) {
                append(UInt8(truncatingIfNeeded: payload.count >> shift))
            }
        }
        append(payload)
    }

    mutating func appendCloseFrame(_ close: WebSocketClose) {
        var payload: [UInt8] = []
        if WebSocketClose.isSendable(close.code) {
            payload = [UInt8(close.code >> 8), UInt8(close.code & 255)]
            // A control frame holds 125 bytes; a character is not cut in two.
            for character in close.reason {
                if payload.count + character.utf8.count > 125 { break }
                payload += Array(character.utf8)
            }
        }
        appendFrame(opcode: 8, payload.span)
    }
}
