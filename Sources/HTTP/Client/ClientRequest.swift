/// A request to another server.
package struct ClientRequest: Sendable {
    package var method: Method
    package var url: String
    package var fields: [(name: String, value: String)] = []
    package var body: [UInt8] = []
    /// How it proves itself, is encrypted and routed.
    package var options = HTTPClientOptions()
    /// From the call to the last byte of the answer, retries included.
    package var timeoutNs: Int64 = 30_000_000_000
    package var connectTimeoutNs: Int64 = 10_000_000_000
    /// Bound on the answer's body, before and after decompression.
    package var answerBytesMax = 16 << 20
    /// Offers gzip; the answer arrives decompressed.
    package var acceptsGzip = true
    package var retries = RetryPolicy.never
    /// The path of a socket on this machine that the request goes over, whatever host the URL names.
    package var unixSocket: String?
    /// Takes the body of a 2xx answer piece by piece as it arrives, as it was sent, in place of the answer's `body`; false
    /// ends the transfer. It runs on the client's thread and may wait, which holds the sender back.
    package var receive: (@Sendable (Span<UInt8>) -> Bool)?

    package init(_ method: Method = .get, _ url: String) {
        self.method = method
        self.url = url
    }
}

/// What the other server answered, whatever its status.
package struct ClientResponse: Sendable {
    package var status: Status
    /// Names in lower case, in the order of their arrival.
    package var fields: [(name: String, value: String)]
    package var body: [UInt8]
    /// Bytes of the body as they were sent.
    package var receivedBytes: Int
    package var durationNs: Int64
    /// When the phases ended, from the beginning of the last attempt.
    package var timings: Timings

    package struct Timings: Sendable {
        package var resolvedNs: Int64
        package var connectedNs: Int64
        /// Zero without TLS.
        package var encryptedNs: Int64
        package var firstByteNs: Int64
        package var endNs: Int64
    }

    package func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}

/// Why there is no answer.
package struct ClientError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Reason: Sendable, Equatable {
        /// libcurl or a file that the options name is missing or wrong.
        case setup
        case resolve
        case connect
        case tls
        case timeout
        /// The answer is larger than the request allows.
        case tooLarge
        /// The connection broke, or what came is not HTTP.
        case broken
        /// As many requests are under way as may be.
        case tooMany
        case cancelled
    }

    package let reason: Reason
    package let sentence: String

    package init(_ reason: Reason, _ sentence: String) {
        self.reason = reason
        self.sentence = sentence
    }

    package var description: String { sentence }
}
