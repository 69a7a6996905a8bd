import Encoding
package import Posix

/// A request as a handler sees it. It lives for the call: whoever answers later takes out what it needs.
package struct Request: ~Copyable {
    /// The bytes from the socket: the head, behind it the body.
    var input: SocketBuffer
    /// What was decompressed from the body, where it came compressed.
    var decodedBody: [UInt8] = []
    var hasDecodedBody = false
    var head = RequestHead()
    var bodyRange = 0..<0
    var route: Route?
    var parameters: [RequestHead.Piece] = []

    /// HEAD is answered by the handlers of GET; the body is then left out.
    package internal(set) var method = Method.get
    package internal(set) var peer = SocketAddress.loopback(port: 0)
    /// Came over TLS.
    package internal(set) var isSecure = false
    /// Who sent it, as the gate found out; nil where everyone is let in.
    package internal(set) var principal: Principal?
    /// Unique in the life of the process: names the request in the log and in refusals.
    package internal(set) var id: UInt64 = 0

    init(input: consuming SocketBuffer) {
        self.input = input
    }

    /// Gives itself away, to be handled elsewhere; what arrived behind it stays.
    mutating func takeOut(end: Int) -> Request {
        var rest = SocketBuffer(capacity: input.count - end)
        rest.append(input.bytes.extracting(end..<input.count))
        swap(&rest, &input)
        var taken = Request(input: rest)
        (taken.head, taken.route, taken.parameters) = (head, route, parameters)
        (taken.method, taken.peer, taken.isSecure) = (method, peer, isSecure)
        (taken.bodyRange, taken.principal, taken.id) = (bodyRange, principal, id)
        return taken
    }

    mutating func scan(_ scanner: inout HeadScanner, _ limits: HeadLimits) throws(RequestRefusal) -> Int? {
        try scanner.advance(input.bytes, limits)
    }

    mutating func parseHead(end: Int) throws(RequestRefusal) {
        var parsed = RequestHead()
        swap(&parsed, &head)
        defer { swap(&parsed, &head) }
        try RequestParser.parse(input.bytes.extracting(0..<end), into: &parsed)
    }

    mutating func findEndpoint(_ router: Router) throws(RequestRefusal) -> Router.Endpoint? {
        let range = head.path.range
        guard PercentEncoding.isDecodable(input.bytes.extracting(range)) else {
            throw RequestRefusal(.badRequest, "a percent sign in the path is not followed by two hexadecimal digits")
        }
        var found: [RequestHead.Piece] = []
        swap(&found, &parameters)
        defer { swap(&found, &parameters) }
        return router.find(input.bytes.extracting(range), offset: range.lowerBound, &found)
    }

    /// Decompresses the body if it came with gzip or deflate.
    mutating func decodeBody(_ codecs: inout BodyCodecs, bytesMax: Int) throws(RequestRefusal) {
        var decoded: [UInt8] = []
        swap(&decoded, &decodedBody)
        decoded.removeAll(keepingCapacity: decoded.capacity <= 1 << 20)
        defer { swap(&decoded, &decodedBody) }
        guard let container = bodyContainer() else { return }
        hasDecodedBody = true
        try codecs.decompress(
            input.bytes.extracting(bodyRange), container, bytesMax: bytesMax, into: &decoded)
    }

    private borrowing func bodyContainer() -> DeflateContainer? {
        guard let coding = header("content-encoding") else { return nil }
        return BodyCoding.container(coding)
    }

    var beginsWithEmptyLine: Bool { input.count >= 2 && input.bytes[0] == 0x0d && input.bytes[1] == 0x0a }

    package var pathText: String { path.text }

    /// The path as it was sent, percent signs included.
    package var path: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { input.bytes.extracting(head.path.range) }
    }

    /// The query as it was sent, without the question mark.
    package var query: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { input.bytes.extracting(head.query.range) }
    }

    /// Complete, and decompressed where it came with a Content-Encoding of gzip or deflate.
    package var body: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { hasDecodedBody ? decodedBody.span : input.bytes.extracting(bodyRange) }
    }

    /// The value of the first field of this name, without blanks around it.
    ///
    /// - Parameter name: in lower case.
    @_lifetime(borrow self)
    package borrowing func header(_ name: String) -> Span<UInt8>? {
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            if input.bytes.extracting(field.name.range).equalsIgnoringCase(name) {
                return input.bytes.extracting(field.value.range)
            }
        }
        return nil
    }

    package borrowing func headerText(_ name: String) -> String? {
        guard let value = header(name) else { return nil }
        return value.text
    }

    /// A part of the path that the route's pattern names, decoded.
    package borrowing func parameter(_ name: String) -> String {
        guard let route, let index = route.parameterNames.firstIndex(of: name) else {
            preconditionFailure("BUG: the route has no parameter \(name)")
        }
        // Undecodable paths are refused before a handler is called.
        return PercentEncoding.decode(input.bytes.extracting(parameters[index].range), plusIsSpace: false) ?? ""
    }

    /// Whether the Content-Type is this one, whatever its parameters are.
    ///
    /// - Parameter type: in lower case.
    package borrowing func hasContentType(_ type: String) -> Bool {
        guard let value = header("content-type") else { return false }
        let end = value.firstIndex(of: 0x3b) ?? value.count
        return value.extracting(0..<end).trimmed.equalsIgnoringCase(type)
    }

    /// Whether gzip may answer the request.
    package var acceptsGzip: Bool { head.acceptsGzip }
}

/// Names and values of the query and, for a form, of the body.
extension Request {
    /// The first value of a name, in the body's form before the query; nil where it is absent.
    package borrowing func value(_ name: String) -> String? {
        if isForm, let value = Self.firstValue(of: name, in: body) { return value }
        return Self.firstValue(of: name, in: query)
    }

    /// Every value of a name: those of the body's form, then those of the query.
    package borrowing func values(_ name: String) -> [String] {
        var values: [String] = []
        if isForm { Self.forEachPair(in: body) { Self.take($0, $1, of: name, into: &values) } }
        Self.forEachPair(in: query) { Self.take($0, $1, of: name, into: &values) }
        return values
    }

    /// Every name with its value, decoded: those of the body's form, then those of the query.
    package borrowing func pairs() -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        let take = { (name: Span<UInt8>, value: Span<UInt8>) in
            pairs.append((Self.decode(name), Self.decode(value)))
        }
        if isForm { Self.forEachPair(in: body, take) }
        Self.forEachPair(in: query, take)
        return pairs
    }

    package var isForm: Bool { method == .post && hasContentType("application/x-www-form-urlencoded") }

    private static func firstValue(of name: String, in pairs: Span<UInt8>) -> String? {
        var values: [String] = []
        forEachPair(in: pairs) { if values.isEmpty { take($0, $1, of: name, into: &values) } }
        return values.first
    }

    private static func take(
        _ name: Span<UInt8>, _ value: Span<UInt8>, of wanted: String, into values: inout [String]
    ) {
        if PercentEncoding.equals(name, wanted.utf8.span, plusIsSpace: true) { values.append(decode(value)) }
    }

    /// A wrong percent sign stands for itself.
    private static func decode(_ bytes: Span<UInt8>) -> String {
        PercentEncoding.decode(bytes, plusIsSpace: true) ?? bytes.text
    }

    private static func forEachPair(in pairs: Span<UInt8>, _ body: (Span<UInt8>, Span<UInt8>) -> Void) {
        var start = 0
        while start < pairs.count {
            let end = pairs.firstIndex(of: 0x26, from: start) ?? pairs.count
            let pair = pairs.extracting(start..<end)
            let equals = pair.firstIndex(of: 0x3d) ?? pair.count
            if !pair.isEmpty {
                body(pair.extracting(0..<equals), pair.extracting(min(equals + 1, pair.count)..<pair.count))
            }
            start = end + 1
        }
    }
}
