import HTTP
import Posix

extension FuzzedDecoder {
    /// Frames of a WebSocket: what arrives byte by byte becomes the events that it becomes at once.
    static let webSocket = FuzzedDecoder("websocket", bytesMax: 512) { bytes in
        var whole = Receiver()
        whole.take(bytes)
        var slow = Receiver()
        for place in bytes.indices { slow.take(bytes.extracting(place..<(place + 1))) }
        check(whole.events == slow.events, "at once \(whole.events), byte by byte \(slow.events)")
        check(whole.input.count == slow.input.count, "byte by byte another part waits for more")
    }

    private struct Receiver: ~Copyable {
        static let messageBytesMax = 300
        var input = SocketBuffer(capacity: 1024)
        var reader = WebSocketReader(messageBytesMax: messageBytesMax)
        /// What came: each message with its bytes.
        var events: [[UInt8]] = []
        var isOver = false

        mutating func take(_ bytes: Span<UInt8>) {
            guard !isOver else { return }
            input.append(bytes)
            do throws(WebSocketClose) {
                while let (event, frameEnd) = try reader.next(&input) {
                    if let event { note(event) }
                    reader.forgetMessage()
                    input.consume(frameEnd)
                }
                check(input.count < reader.wantedBytes, "a whole frame waits")
            } catch {
                isOver = true
                input.removeAll()
                events.append(Array("\(error.code) \(error.reason)".utf8))
            }
        }

        private mutating func note(_ event: WebSocketReader.Event) {
            switch event {
            case .message(let kind):
                let bytes =
                    reader.isAssembled ? reader.assembled : input.bytes.extracting(reader.payload).array
                check(bytes.count <= Self.messageBytesMax, "a message has \(bytes.count) bytes")
                events.append([kind == .text ? 1 : 2] + bytes)
            case .ping: events.append([9] + input.bytes.extracting(reader.payload).array)
            case .pong: events.append([10])
            case .close(let close): events.append([8] + Array("\(close.code) \(close.reason)".utf8))
            }
        }
    }
}
