import Encoding
import HTTP

/// Turns an answer into a page: status, compression, size and format are checked. One for each thread that reads.
struct PageUnpacking: ~Copyable {
    /// The page of the last answer.
    private(set) var page: [UInt8] = []
    private var decompressor: GzipBodyDecompressor?

    /// Pages of metrics compress 10 to 30 times.
    private static let expansionMax = 200
    /// A larger buffer is not kept.
    private static let keptBytesMax = 64 << 20

    mutating func unpack(
        _ result: Result<ClientResponse, ClientError>, _ target: ScrapeTarget
    ) throws(PageRefusal) -> ExpositionFormat {
        page.removeAll(keepingCapacity: page.capacity <= Self.keptBytesMax)
        let response: ClientResponse
        switch result {
        case .success(let answer): response = answer
        case .failure(let error): throw PageRefusal("\(error)", isTooLarge: error.reason == .tooLarge)
        }
        guard response.status == .ok else {
            throw PageRefusal("server returned HTTP status \(response.status.rawValue) \(response.status.reason)")
        }
        try decompress(response, atMost: target.request.answerBytesMax)
        switch ExpositionFormat.of(contentType: response.field("content-type"), fallback: target.settings.fallback) {
        case .success(let format): return format
        case .failure(let unreadable): throw PageRefusal("\(unreadable)")
        }
    }

    private mutating func decompress(_ response: ClientResponse, atMost bytesMax: Int) throws(PageRefusal) {
        guard response.field("content-encoding")?.lowercased() == "gzip" else {
            page = response.body
            guard page.count < bytesMax else { throw PageRefusal("body size limit exceeded", isTooLarge: true) }
            return
        }
        do throws(CompressionError) {
            if decompressor == nil { decompressor = try GzipBodyDecompressor() }
            let limit = ExpansionLimit(bytesMax: bytesMax - 1, ratioMax: Self.expansionMax)
            try decompressor?.decompress(response.body.span, limit: limit, appendingTo: &page)
        } catch {
            if case .tooLarge = error.reason { throw PageRefusal("body size limit exceeded", isTooLarge: true) }
            throw PageRefusal("\(error)")
        }
    }
}
