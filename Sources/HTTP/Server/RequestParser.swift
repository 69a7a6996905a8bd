/// Finds where a head ends while its bytes arrive, looking at each byte once.
package struct HeadScanner: Sendable {
    private var position = 0
    private var lineStart = 0
    private var lines = 0

    package init() {}

    /// - Parameter bytes: everything that has arrived of the request; it only grows between calls.
    /// - Returns: where the body begins, or nil while the empty line is not there yet.
    package mutating func advance(_ bytes: Span<UInt8>, _ limits: HeadLimits) throws(RequestRefusal) -> Int? {
        if position == 0, !bytes.isEmpty, !bytes[0].isToken {
            throw RequestRefusal(.badRequest, "a request begins with a method")
        }
        while position < bytes.count {
            if bytes[position] == 0x0a {
                guard position > lineStart, bytes[position - 1] == 0x0d else {
                    throw RequestRefusal(.badRequest, "a line ends with LF without CR")
                }
                if position - 1 == lineStart {
                    position += 1
                    try checkSize(limits)
                    return position
                }
                lines += 1
                lineStart = position + 1
                if lines > limits.fieldsMax + 1 {
                    throw RequestRefusal(
                        .requestHeaderFieldsTooLarge, "more than \(limits.fieldsMax) header fields")
                }
            }
            position += 1
            if lines == 0, position > limits.requestLineBytesMax {
                throw RequestRefusal(
                    .uriTooLong, "the request line is longer than \(limits.requestLineBytesMax) bytes; use POST")
            }
        }
        try checkSize(limits)
        return nil
    }

    private func checkSize(_ limits: HeadLimits) throws(RequestRefusal) {
        if position > limits.headBytesMax {
            throw RequestRefusal(
                .requestHeaderFieldsTooLarge, "the header fields are longer than \(limits.headBytesMax) bytes")
        }
    }
}

/// Parses heads of HTTP/1.0 and 1.1 requests (RFC 9112), strictly: whatever two implementations could read in two ways
/// is refused, because that is what request smuggling lives from.
package enum RequestParser {
    /// Both steps on bytes that hold a whole head: for tests and fuzzing.
    ///
    /// - Returns: the head and where the body begins, or nil when the bytes end before the head does.
    package static func parse(
        _ bytes: Span<UInt8>, _ limits: HeadLimits = HeadLimits()
    ) throws(RequestRefusal) -> (RequestHead, bodyStart: Int)? {
        var scanner = HeadScanner()
        guard let end = try scanner.advance(bytes, limits) else { return nil }
        var head = RequestHead()
        try parse(bytes.extracting(0..<end), into: &head)
        return (head, end)
    }

    /// - Parameter bytes: from the method to the empty line, as `HeadScanner` found it.
    static func parse(_ bytes: Span<UInt8>, into head: inout RequestHead) throws(RequestRefusal) {
        head.reset()
        var position = try parseRequestLine(bytes, into: &head)
        var seen = SeenFields()
        while bytes[position] != 0x0d || bytes[position + 1] != 0x0a {
            position = try parseField(bytes, from: position, into: &head, &seen)
        }
        guard position + 2 == bytes.count else { throw RequestRefusal(.badRequest, "a line is empty") }
        try conclude(seen, &head)
    }

    private static func parseRequestLine(
        _ bytes: Span<UInt8>, into head: inout RequestHead
    ) throws(RequestRefusal) -> Int {
        var position = 0
        while bytes[position].isToken { position += 1 }
        guard position > 0, bytes[position] == 0x20 else {
            throw RequestRefusal(.badRequest, "the method is not a token followed by one space")
        }
        head.method = Method(bytes.extracting(0..<position))
        position = try parseTarget(bytes, from: position + 1, into: &head)
        guard position + 10 <= bytes.count, bytes.extracting(position..<position + 5).equals("HTTP/") else {
            throw RequestRefusal(.badRequest, "the request line does not end with an HTTP version")
        }
        let version = bytes.extracting(position + 5..<position + 8)
        guard bytes[position + 8] == 0x0d, bytes[position + 9] == 0x0a, version[1] == 0x2e else {
            throw RequestRefusal(.badRequest, "the request line does not end with an HTTP version")
        }
        head.isVersion11 = version.equals("1.1")
        if !head.isVersion11, !version.equals("1.0") {
            throw RequestRefusal(.httpVersionNotSupported, "only HTTP/1.1 and HTTP/1.0 are served")
        }
        head.keepsAlive = head.isVersion11
        return position + 10
    }

    /// Origin form only, and `*` for OPTIONS: nobody but a proxy is sent the others.
    private static func parseTarget(
        _ bytes: Span<UInt8>, from start: Int, into head: inout RequestHead
    ) throws(RequestRefusal) -> Int {
        let isAsterisk = bytes[start] == 0x2a && head.method == .options
        guard bytes[start] == 0x2f || isAsterisk else {
            throw RequestRefusal(.badRequest, "the request target does not begin with a slash")
        }
        var position = start
        var question: Int?
        while bytes[position] > 0x20, bytes[position] != 0x7f {
            if bytes[position] == 0x23 { throw RequestRefusal(.badRequest, "the request target has a fragment") }
            if question == nil, bytes[position] == 0x3f { question = position }
            position += 1
        }
        guard bytes[position] == 0x20, !isAsterisk || position == start + 1 else {
            throw RequestRefusal(.badRequest, "the request target holds a control character")
        }
        head.path = RequestHead.Piece(start, question ?? position)
        head.query = RequestHead.Piece(question.map { $0 + 1 } ?? position, position)
        return position + 1
    }

    private static func parseField(
        _ bytes: Span<UInt8>, from start: Int, into head: inout RequestHead, _ seen: inout SeenFields
    ) throws(RequestRefusal) -> Int {
        var position = start
        while bytes[position].isToken { position += 1 }
        guard position > start, bytes[position] == 0x3a else {
            let reason =
                bytes[start].isBlank
                ? "a header field is folded over two lines" : "a header field's name is not a token followed by a colon"
            throw RequestRefusal(.badRequest, reason)
        }
        let name = RequestHead.Piece(start, position)
        position += 1
        while bytes[position].isBlank { position += 1 }
        let valueStart = position
        while bytes[position].isFieldContent { position += 1 }
        guard bytes[position] == 0x0d, bytes[position + 1] == 0x0a else {
            throw RequestRefusal(.badRequest, "a header field's value holds a control character")
        }
        var valueEnd = position
        while valueEnd > valueStart, bytes[valueEnd - 1].isBlank { valueEnd -= 1 }
        let field = RequestHead.Field(name: name, value: RequestHead.Piece(valueStart, valueEnd))
        head.fields.append(field)
        try seen.take(bytes.extracting(name.range), bytes.extracting(field.value.range), &head)
        return position + 2
    }

    private static func conclude(_ seen: SeenFields, _ head: inout RequestHead) throws(RequestRefusal) {
        if head.isVersion11, !seen.host { throw RequestRefusal(.badRequest, "the Host field is missing") }
        if seen.transferEncoding {
            if seen.contentLength {
                throw RequestRefusal(.badRequest, "Content-Length and Transfer-Encoding exclude each other")
            }
            if !head.isVersion11 {
                throw RequestRefusal(.badRequest, "Transfer-Encoding does not exist in HTTP/1.0")
            }
        }
        head.upgradesToWebSocket = seen.upgradesConnection && seen.upgradeNamesWebSocket && head.isVersion11
        if seen.closes { head.keepsAlive = false }
    }
}

/// The fields that decide how a request is read. Each may come once where a second one could change the meaning.
private struct SeenFields {
    var host = false
    var contentLength = false
    var transferEncoding = false
    var closes = false
    var upgradesConnection = false
    var upgradeNamesWebSocket = false

    mutating func take(
        _ name: Span<UInt8>, _ value: Span<UInt8>, _ head: inout RequestHead
    ) throws(RequestRefusal) {
        switch name.count {
        case 4 where name.equalsIgnoringCase("host"): try takeHost(value)
        case 6 where name.equalsIgnoringCase("expect"): try takeExpect(value, &head)
        case 7 where name.equalsIgnoringCase("upgrade"):
            value.forEachListMember { if $0.equalsIgnoringCase("websocket") { upgradeNamesWebSocket = true } }
        case 10 where name.equalsIgnoringCase("connection"): takeConnection(value, &head)
        case 14 where name.equalsIgnoringCase("content-length"): try takeContentLength(value, &head)
        case 15 where name.equalsIgnoringCase("accept-encoding"): takeAcceptEncoding(value, &head)
        case 17 where name.equalsIgnoringCase("transfer-encoding"): try takeTransferEncoding(value, &head)
        default: break
        }
    }

    private mutating func takeHost(_ value: Span<UInt8>) throws(RequestRefusal) {
        if host { throw RequestRefusal(.badRequest, "the Host field comes twice") }
        host = true
        for index in value.indices {
            switch value[index] {
            case 0x00...0x20, 0x22, 0x23, 0x2c, 0x2f, 0x3c, 0x3e, 0x3f, 0x40, 0x5c, 0x7f...0xff:
                throw RequestRefusal(.badRequest, "the Host field is not a host and port")
            default: continue
            }
        }
    }

    private func takeExpect(_ value: Span<UInt8>, _ head: inout RequestHead) throws(RequestRefusal) {
        guard value.equalsIgnoringCase("100-continue") else {
            throw RequestRefusal(.expectationFailed, "only 100-continue can be expected")
        }
        head.expectsContinue = head.isVersion11
    }

    private mutating func takeConnection(_ value: Span<UInt8>, _ head: inout RequestHead) {
        var closes = closes
        var upgrades = upgradesConnection
        var keepsAlive = head.keepsAlive
        value.forEachListMember {
            if $0.equalsIgnoringCase("close") { closes = true }
            if $0.equalsIgnoringCase("keep-alive") { keepsAlive = true }
            if $0.equalsIgnoringCase("upgrade") { upgrades = true }
        }
        self.closes = closes
        upgradesConnection = upgrades
        head.keepsAlive = keepsAlive
    }

    private mutating func takeContentLength(
        _ value: Span<UInt8>, _ head: inout RequestHead
    ) throws(RequestRefusal) {
        if contentLength { throw RequestRefusal(.badRequest, "the Content-Length field comes twice") }
        contentLength = true
        guard !value.isEmpty, value.count <= 18 else {
            throw RequestRefusal(.badRequest, "the Content-Length field is not a number of at most 18 digits")
        }
        var length = 0
        for index in value.indices {
            guard value[index] >= 0x30, value[index] <= 0x39 else {
                throw RequestRefusal(.badRequest, "the Content-Length field is not a number")
            }
            length = length * 10 + Int(value[index] - 0x30)
        }
        head.body = length == 0 ? .none : .length(length)
    }

    private mutating func takeTransferEncoding(
        _ value: Span<UInt8>, _ head: inout RequestHead
    ) throws(RequestRefusal) {
        if transferEncoding { throw RequestRefusal(.badRequest, "the Transfer-Encoding field comes twice") }
        transferEncoding = true
        if value.equalsIgnoringCase("chunked") {
            head.body = .chunked
            return
        }
        var chunked = 0
        var endsChunked = false
        value.forEachListMember {
            endsChunked = $0.equalsIgnoringCase("chunked")
            if endsChunked { chunked += 1 }
        }
        guard endsChunked, chunked == 1 else {
            throw RequestRefusal(.badRequest, "the Transfer-Encoding does not end with chunked, once")
        }
        throw RequestRefusal(.notImplemented, "chunked is the only Transfer-Encoding that is served")
    }

    private func takeAcceptEncoding(_ value: Span<UInt8>, _ head: inout RequestHead) {
        var accepts = head.acceptsGzip
        value.forEachListMember { member in
            let end = member.firstIndex(of: 0x3b) ?? member.count
            let coding = member.extracting(0..<end).trimmed
            guard coding.equalsIgnoringCase("gzip") || coding.equals("*") else { return }
            accepts = !Self.isRefused(member.extracting(end..<member.count))
        }
        head.acceptsGzip = accepts
    }

    /// Whether the parameters of a coding weigh it with zero: `;q=0`, `;q=0.000`.
    private static func isRefused(_ parameters: Span<UInt8>) -> Bool {
        guard let equals = parameters.firstIndex(of: 0x3d) else { return false }
        for index in equals + 1..<parameters.count where parameters[index] >= 0x31 && parameters[index] <= 0x39 {
            return false
        }
        return true
    }
}
