import CCurl
import Encoding
import Posix

/// One attempt of a request, from the moment when libcurl has it. On the client's thread alone.
final class Transfer {
    let exchange: Exchange
    let easy: EasyHandle
    private let bytesMax: Int
    private let startedNs: Int64
    private var fields: [(name: String, value: String)] = []
    private var body: [UInt8] = []
    private var isTooLarge = false
    /// False once the taker of a stream wanted no more of it.
    private var isTaken = true

    init(_ exchange: Exchange, _ easy: EasyHandle, startedNs: Int64) {
        self.exchange = exchange
        self.easy = easy
        self.startedNs = startedNs
        bytesMax = exchange.request.answerBytesMax
        easy.set(CURLOPT_PRIVATE, context: self)
        easy.set(CURLOPT_WRITEDATA, context: self)
        easy.set(CURLOPT_HEADERDATA, context: self)
        unsafe easy.set(CURLOPT_WRITEFUNCTION) { bytes, _, count, context in
            unsafe Transfer.of(context).receive(UnsafeBufferPointer(start: bytes, count: count))
        }
        unsafe easy.set(CURLOPT_HEADERFUNCTION) { bytes, _, count, context in
            unsafe Transfer.of(context).receiveHead(UnsafeBufferPointer(start: bytes, count: count))
        }
    }

    /// The transfer that a handle belongs to.
    static func of(_ context: UnsafeMutableRawPointer?) -> Transfer {
        guard let context = unsafe context else { preconditionFailure("BUG: a libcurl handle has no transfer") }
        return unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    /// Less than `bytes.count` ends the transfer.
    private func receive(_ bytes: UnsafeBufferPointer<CChar>) -> Int {
        if let receive = exchange.request.receive, easy.long(CURLINFO_RESPONSE_CODE) / 100 == 2 {
            isTaken = unsafe receive(Span(_unsafeElements: bytes.withMemoryRebound(to: UInt8.self) { unsafe $0 }))
            return isTaken ? bytes.count : 0
        }
        guard body.count + bytes.count <= bytesMax else {
            isTooLarge = true
            return 0
        }
        unsafe body.append(contentsOf: UnsafeRawBufferPointer(bytes))
        return bytes.count
    }

    /// One line of the head at a time; a status line begins the head of the next answer of a redirect.
    private func receiveHead(_ bytes: UnsafeBufferPointer<CChar>) -> Int {
        var line = unsafe Span(_unsafeElements: bytes.withMemoryRebound(to: UInt8.self) { unsafe $0 })
        while !line.isEmpty, line[line.count - 1] == 0x0a || line[line.count - 1] == 0x0d {
            line = line.extracting(0..<line.count - 1)
        }
        if line.has("HTTP/".utf8.span, at: 0) {
            fields = []
            body = []
        } else if let colon = line.firstIndex(of: 0x3a), fields.count < Self.fieldsMax {
            let name = line.extracting(0..<colon).text.lowercased()
            fields.append((name, line.extracting((colon + 1)...).trimmed.text))
        }
        return bytes.count
    }

    /// More are dropped; libcurl bounds their bytes.
    private static let fieldsMax = 200

    func result(_ code: CURLcode, nowNs: Int64) -> Result<ClientResponse, ClientError> {
        guard code == CURLE_OK else { return .failure(error(code)) }
        guard let status = Status(received: easy.long(CURLINFO_RESPONSE_CODE)) else {
            return .failure(ClientError(.broken, "the answer of \(exchange.name) has no valid status code"))
        }
        var response = ClientResponse(
            status: status, fields: fields, body: body,
            receivedBytes: body.count, durationNs: nowNs - exchange.startedNs, timings: timings)
        do throws(CompressionError) {
            try decompress(&response)
        } catch {
            return .failure(ClientError(.tooLarge, "the answer of \(exchange.name): \(error)"))
        }
        return .success(response)
    }

    private func decompress(_ response: inout ClientResponse) throws(CompressionError) {
        guard exchange.request.acceptsGzip, !body.isEmpty, response.field("content-encoding") == "gzip" else { return }
        let limit = ExpansionLimit(bytesMax: bytesMax, ratioMax: Self.expansionMax)
        var plain: [UInt8] = []
        var decompressor = try GzipBodyDecompressor()
        let sent = body
        try decompressor.decompress(sent.span, limit: limit, appendingTo: &plain)
        response.body = plain
    }

    /// Pages of metrics compress 10 to 30 times.
    private static let expansionMax = 200

    private var timings: ClientResponse.Timings {
        ClientResponse.Timings(
            resolvedNs: easy.large(CURLINFO_NAMELOOKUP_TIME_T) * 1_000,
            connectedNs: easy.large(CURLINFO_CONNECT_TIME_T) * 1_000,
            encryptedNs: easy.large(CURLINFO_APPCONNECT_TIME_T) * 1_000,
            firstByteNs: easy.large(CURLINFO_STARTTRANSFER_TIME_T) * 1_000,
            endNs: easy.large(CURLINFO_TOTAL_TIME_T) * 1_000)
    }

    private func error(_ code: CURLcode) -> ClientError {
        if isTooLarge || code == CURLE_FILESIZE_EXCEEDED {
            return ClientError(
                .tooLarge, "the answer of \(exchange.name) is larger than the limit of \(bytesMax) bytes")
        }
        if !isTaken { return ClientError(.cancelled, "the answer of \(exchange.name) was not taken to its end") }
        let reason: ClientError.Reason =
            switch code {
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .resolve
            case CURLE_COULDNT_CONNECT, CURLE_PROXY: .connect
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_ISSUER_ERROR: .tls
            case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
                .setup
            default: .broken
            }
        let words = unsafe String(cString: ccurl_easy_reason(code))
        return ClientError(
            reason, "no answer from \(exchange.name): \(words.prefix(1).lowercased())\(words.dropFirst())")
    }
}
