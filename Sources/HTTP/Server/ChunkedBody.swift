package import Posix

/// Takes a chunked body apart in place: the data moves to the front of the buffer while it arrives. Extensions and
/// trailers are checked and dropped.
package struct ChunkedBody: Sendable {
    private enum Stage {
        case sizeLine
        case data(left: Int)
        case dataEnd
        case trailers
        case complete
    }

    private static let lineBytesMax = 4096
    private static let droppedBytesMax = 16 << 10

    private var stage = Stage.sizeLine
    /// Where the data that is already taken apart ends.
    package private(set) var decodedEnd: Int
    /// Where the bytes begin that were not looked at yet.
    package private(set) var rawStart: Int
    private let bodyStart: Int
    private let bytesMax: Int
    /// Of extensions and trailers so far: what a client may send without sending data.
    private var droppedBytes = 0

    /// - Parameters:
    ///   - bodyStart: where the first chunk begins in the buffer.
    ///   - bytesMax: the bound on the data.
    package init(bodyStart: Int, bytesMax: Int) {
        self.bodyStart = bodyStart
        self.bytesMax = bytesMax
        decodedEnd = bodyStart
        rawStart = bodyStart
    }

    /// Goes through what has arrived.
    ///
    /// - Returns: true once the body is complete: the data lies from `bodyStart` to `decodedEnd`, and what follows the
    ///   body at `rawStart`.
    package mutating func advance(_ buffer: inout SocketBuffer) throws(RequestRefusal) -> Bool {
        while true {
            switch stage {
            case .sizeLine:
                guard let line = try takeLine(buffer) else { return false }
                let size = try takeSize(buffer.bytes.extracting(line))
                if size > bytesMax - (decodedEnd - bodyStart) {
                    throw RequestRefusal(.contentTooLarge, "the body is larger than \(bytesMax) bytes")
                }
                stage = size == 0 ? .trailers : .data(left: size)
            case .data(let left):
                let count = min(left, buffer.count - rawStart)
                buffer.move(from: rawStart, to: decodedEnd, count: count)
                decodedEnd += count
                rawStart += count
                stage = left == count ? .dataEnd : .data(left: left - count)
                if left > count { return false }
            case .dataEnd:
                guard buffer.count - rawStart >= 2 else { return false }
                guard buffer.bytes[rawStart] == 0x0d, buffer.bytes[rawStart + 1] == 0x0a else {
                    throw RequestRefusal(.badRequest, "a chunk is not as long as it says")
                }
                rawStart += 2
                stage = .sizeLine
            case .trailers:
                guard let line = try takeLine(buffer) else { return false }
                try drop(line.count)
                if line.isEmpty { stage = .complete }
            case .complete:
                return true
            }
        }
    }

    /// Brings the unread bytes right behind the data, so that the gap that framing left does not grow the buffer.
    package mutating func closeGap(_ buffer: inout SocketBuffer) {
        let waiting = buffer.count - rawStart
        buffer.move(from: rawStart, to: decodedEnd, count: waiting)
        buffer.removeLast(rawStart - decodedEnd)
        rawStart = decodedEnd
    }

    /// The place of a line without its CRLF, or nil while it is incomplete.
    private mutating func takeLine(_ buffer: borrowing SocketBuffer) throws(RequestRefusal) -> Range<Int>? {
        let bytes = buffer.bytes
        var position = rawStart
        while position < bytes.count {
            let byte = bytes[position]
            if byte == 0x0a {
                guard position > rawStart, bytes[position - 1] == 0x0d else {
                    throw RequestRefusal(.badRequest, "a line of the chunked body ends with LF without CR")
                }
                let line = rawStart..<position - 1
                rawStart = position + 1
                return line
            }
            if !byte.isFieldContent, byte != 0x0d || position + 1 < bytes.count && bytes[position + 1] != 0x0a {
                throw RequestRefusal(.badRequest, "a line of the chunked body holds a control character")
            }
            position += 1
            if position - rawStart > Self.lineBytesMax {
                throw RequestRefusal(.badRequest, "a line of the chunked body is too long")
            }
        }
        return nil
    }

    /// Reads `1a2b` or `1a2b;extension`.
    private mutating func takeSize(_ line: Span<UInt8>) throws(RequestRefusal) -> Int {
        var size = 0
        var digits = 0
        while digits < line.count, let digit = line[digits].hexDigit {
            digits += 1
            if digits > 15 { throw RequestRefusal(.badRequest, "a chunk size has more than 15 digits") }
            size = size << 4 | Int(digit)
        }
        guard digits > 0, digits == line.count || line[digits] == 0x3b else {
            throw RequestRefusal(.badRequest, "a chunk size is not a hexadecimal number")
        }
        try drop(line.count - digits)
        return size
    }

    private mutating func drop(_ count: Int) throws(RequestRefusal) {
        droppedBytes += count
        if droppedBytes > Self.droppedBytesMax {
            throw RequestRefusal(
                .requestHeaderFieldsTooLarge,
                "the extensions and trailers of the chunked body are longer than \(Self.droppedBytesMax) bytes")
        }
    }
}
