import Crypto
import Encoding
import Posix

/// Bounds of one kind of WebSocket.
package struct WebSocketOptions: Sendable {
    /// Of a message from the client, all fragments together.
    package var messageBytesMax = 1 << 20
    /// Messages to the client that it has not taken yet; beyond it `send` says `full`.
    package var queuedBytesMax = 1 << 20
    /// After this long without a byte from the client it is asked for a sign of life, and after as long again given up.
    package var silenceNs: Int64 = 30_000_000_000

    package init() {}
}

/// A WebSocket to a client, for any thread.
package final class WebSocket: Sendable {
    package enum Sending: Sendable {
        case queued
        /// The client reads too slowly. What to do is the sender's: drop the message, or close.
        case full
        case closed
    }

    let channel: AnswerChannel
    private let queuedBytesMax: Int
    private let closing = Lock<WebSocketClose?>(nil)

    init(_ channel: AnswerChannel, _ options: WebSocketOptions) {
        self.channel = channel
        queuedBytesMax = options.queuedBytesMax
    }

    package func send(_ text: String) -> Sending {
        send(text.utf8.span, as: .text)
    }

    /// Sends a whole message. The bytes of a text must be UTF-8.
    ///
    /// - Parameter share: what may be queued here, where that is less than the options say.
    package func send(_ bytes: Span<UInt8>, as kind: WebSocketKind, share: Int = .max) -> Sending {
        var frame = SocketBuffer(capacity: bytes.count + WebSocketReader.headerBytesMax)
        frame.appendFrame(opcode: kind == .text ? 1 : 2, bytes)
        return channel.offer(&frame, queuedBytesMax: min(queuedBytesMax, share))
    }

    /// Sends what is queued and then the close.
    package func close(_ close: WebSocketClose = .normal) {
        let isFirst = closing.withLock { closing in
            defer { closing = closing ?? close }
            return closing == nil
        }
        guard isFirst else { return }
        var frame = SocketBuffer()
        frame.appendCloseFrame(close)
        let end = AnswerChannel.End(facts: channel.facts, status: .switchingProtocols, sentBytes: 0)
        _ = channel.append(&frame, waits: false, end: end)
    }

    /// Whether the connection is closed or about to be.
    package var isClosed: Bool { channel.isClientGone || closed != nil }

    /// How this side closed it.
    var closed: WebSocketClose? { closing.withLock { $0 } }
}

/// What is done with what the client sends. Both run on the loop's thread and must not wait.
package struct WebSocketEvents: Sendable {
    let onMessage: @Sendable (WebSocket, WebSocketKind, Span<UInt8>) -> Void
    let onClose: @Sendable (WebSocket, WebSocketClose) -> Void

    /// - Parameter onClose: called once, whoever closes.
    package init(
        onMessage: @escaping @Sendable (WebSocket, WebSocketKind, Span<UInt8>) -> Void = { _, _, _ in },
        onClose: @escaping @Sendable (WebSocket, WebSocketClose) -> Void = { _, _ in }
    ) {
        self.onMessage = onMessage
        self.onClose = onClose
    }
}

/// The loop's side of a WebSocket.
final class WebSocketSession {
    let socket: WebSocket
    let options: WebSocketOptions
    var reader: WebSocketReader
    /// The client was asked for a sign of life.
    var isProbed = false
    private let events: WebSocketEvents
    private var hasEnded = false

    init(_ socket: WebSocket, _ options: WebSocketOptions, _ events: WebSocketEvents) {
        self.socket = socket
        self.options = options
        self.events = events
        reader = WebSocketReader(messageBytesMax: options.messageBytesMax)
    }

    func deliver(_ kind: WebSocketKind, _ bytes: Span<UInt8>) {
        events.onMessage(socket, kind, bytes)
    }

    func ended(_ close: WebSocketClose) {
        if hasEnded { return }
        hasEnded = true
        events.onClose(socket, close)
    }
}

/// The opening handshake (RFC 6455, 4.2).
enum WebSocketHandshake {
    /// The answer to a client's key.
    static func accept(_ key: String) -> String {
        var text = Array(key.utf8)
        text += Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)
        return Base64.standard.string(HashAlgorithm.sha1.hash(text.span).span)
    }

    /// Why the request is no valid handshake, or nil.
    static func refusal(_ request: borrowing Request, _ crossOrigin: CrossOrigin) -> RequestRefusal? {
        guard request.method == .get, request.head.upgradesToWebSocket else {
            return RequestRefusal(.upgradeRequired, "this path speaks WebSocket only")
        }
        guard let version = request.header("sec-websocket-version"), version.equals("13") else {
            return RequestRefusal(.upgradeRequired, "only version 13 of WebSocket is spoken")
        }
        guard let key = request.header("sec-websocket-key"), key.count == 24 else {
            return RequestRefusal(.badRequest, "Sec-WebSocket-Key is missing or not 16 bytes in Base64")
        }
        guard isOriginAllowed(request, crossOrigin) else {
            return RequestRefusal(.forbidden, "pages of this origin may not connect")
        }
        return nil
    }

    /// Browsers let a page of any origin connect, with the cookies of its user; whoever is no browser names no origin.
    private static func isOriginAllowed(_ request: borrowing Request, _ crossOrigin: CrossOrigin) -> Bool {
        guard let origin = request.headerText("origin") else { return true }
        if crossOrigin.allowed(origin) != nil { return true }
        guard let host = request.headerText("host"), let scheme = origin.firstRange(of: "://") else { return false }
        return origin[scheme.upperBound...] == host
    }
}
