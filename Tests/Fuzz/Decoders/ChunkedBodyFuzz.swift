import HTTP
import Posix

extension FuzzedDecoder {
    /// Chunked bodies: what arrives byte by byte becomes what it becomes at once.
    static let chunkedBody = FuzzedDecoder("chunked-body", bytesMax: 256) { bytes in
        var whole = SocketBuffer()
        whole.append(bytes)
        var body = ChunkedBody(bodyStart: 0, bytesMax: 1 << 16)
        let isComplete = advance(&body, &whole)

        var slow = SocketBuffer()
        var slowBody = ChunkedBody(bodyStart: 0, bytesMax: 1 << 16)
        var isSlowComplete: Bool? = false
        var taken = 0
        while isSlowComplete == false, taken < bytes.count {
            slow.append(bytes[taken])
            taken += 1
            isSlowComplete = advance(&slowBody, &slow)
            if isSlowComplete == false { slowBody.closeGap(&slow) }
        }
        check(isComplete == isSlowComplete, "at once \(isComplete as Any), byte by byte \(isSlowComplete as Any)")
        guard isComplete == true else { return }
        check(taken == body.rawStart, "the body ends at \(body.rawStart), byte by byte at \(taken)")
        let data = whole.bytes.extracting(0..<body.decodedEnd).array
        check(data == slow.bytes.extracting(0..<slowBody.decodedEnd).array, "byte by byte other data comes out")
    }

    /// Nil where the body is refused.
    private static func advance(_ body: inout ChunkedBody, _ buffer: inout SocketBuffer) -> Bool? {
        do {
            return try body.advance(&buffer)
        } catch {
            return nil
        }
    }
}
