/// What the request line and the header fields of one request say, as places in the bytes that were parsed.
///
/// A head is reused from request to request, so that parsing allocates nothing in the steady state.
package struct RequestHead: Sendable {
    struct Piece {
        let start: UInt32
        let end: UInt32

        @inline(__always)
        init(_ start: Int, _ end: Int) {
            self.start = UInt32(truncatingIfNeeded: start)
            self.end = UInt32(truncatingIfNeeded: end)
        }

        @inline(__always)
        var range: Range<Int> { Int(start)..<Int(end) }
    }

    struct Field {
        let name: Piece
        let value: Piece
    }

    package enum Body: Equatable, Sendable {
        case none
        case length(Int)
        case chunked
    }

    package internal(set) var method = Method.other
    /// The target up to the question mark.
    var path = Piece(0, 0)
    /// Behind the question mark.
    var query = Piece(0, 0)
    var fields: [Field] = []
    package internal(set) var body = Body.none
    /// HTTP/1.1, otherwise 1.0.
    package internal(set) var isVersion11 = true
    /// What the version and the Connection field ask for.
    package internal(set) var keepsAlive = true
    package internal(set) var expectsContinue = false
    package internal(set) var acceptsGzip = false
    /// Connection: upgrade with Upgrade: websocket.
    package internal(set) var upgradesToWebSocket = false

    package init() {}

    mutating func reset() {
        method = .other
        path = Piece(0, 0)
        query = Piece(0, 0)
        fields.removeAll(keepingCapacity: true)
        body = .none
        isVersion11 = true
        keepsAlive = true
        expectsContinue = false
        acceptsGzip = false
        upgradesToWebSocket = false
    }
}

/// Bounds of a request's head.
package struct HeadLimits: Sendable {
    /// Method, target and version together. Long expressions in a URL need it; a POST has no such bound.
    package var requestLineBytesMax = 16 << 10
    /// Request line and fields together.
    package var headBytesMax = 32 << 10
    package var fieldsMax = 100

    package init() {}
}
