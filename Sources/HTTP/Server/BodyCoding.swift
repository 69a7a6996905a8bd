import Encoding

/// Compression of bodies: which requests are decompressed and which answers are worth compressing.
enum BodyCoding {
    /// Below this an answer is one packet anyway.
    static let compressedBytesMin = 1_400
    /// Text shrinks to a fifth at 300 MB/s; higher levels cost more than the network they save.
    static let level = 3
    /// More bytes out for each byte in than any honest client reaches.
    static let expansionRatioMax = 200

    static func isWorthwhile(_ contentType: String?, bytes: Int) -> Bool {
        guard bytes >= compressedBytesMin, let contentType else { return false }
        return isText(contentType)
    }

    static func isText(_ contentType: String) -> Bool {
        contentType.hasPrefix("text/") || contentType.hasPrefix("application/json")
            || contentType.hasPrefix("application/openmetrics-text") || contentType.hasPrefix("application/stream+json")
            || contentType.hasPrefix("application/javascript")
            || contentType.hasPrefix("image/svg+xml")
    }

    /// The container that a Content-Encoding names; nil for those that the handler itself understands, as snappy.
    static func container(_ coding: Span<UInt8>) -> DeflateContainer? {
        if coding.equalsIgnoringCase("gzip") || coding.equalsIgnoringCase("x-gzip") { return .gzip }
        return coding.equalsIgnoringCase("deflate") ? .zlib : nil
    }

    /// Memory is all that a new codec can lack, and without any the process is lost in any case.
    static func make<Codec: ~Copyable>(_ codec: () throws(CompressionError) -> Codec) -> Codec {
        do {
            return try codec()
        } catch {
            fatalError("\(error)")
        }
    }

    static func refusal(_ error: CompressionError) -> RequestRefusal {
        switch error.reason {
        case .tooLarge, .expandsTooMuch: RequestRefusal(.contentTooLarge, "\(error)")
        default: RequestRefusal(.badRequest, "\(error)")
        }
    }
}

/// The codecs of one worker, made at their first use.
struct BodyCodecs: ~Copyable {
    private var compressor: GzipBodyCompressor?
    private var decompressor: GzipBodyDecompressor?
    /// What was compressed last.
    private(set) var compressed: [UInt8] = []

    init() {}

    /// Fills `compressed`.
    mutating func compress(_ body: Span<UInt8>) {
        var codec =
            compressor.take()
            ?? BodyCoding.make { () throws(CompressionError) in
                try GzipBodyCompressor(level: BodyCoding.level)
            }
        compressed.removeAll(keepingCapacity: true)
        codec.compress(body, appendingTo: &compressed)
        compressor = consume codec
    }

    mutating func decompress(
        _ body: Span<UInt8>, _ container: DeflateContainer, bytesMax: Int, into output: inout [UInt8]
    ) throws(RequestRefusal) {
        var codec =
            decompressor.take()
            ?? BodyCoding.make { () throws(CompressionError) in
                try GzipBodyDecompressor()
            }
        let limit = ExpansionLimit(bytesMax: bytesMax, ratioMax: BodyCoding.expansionRatioMax)
        var failure: CompressionError?
        do throws(CompressionError) {
            try codec.decompress(body, container, limit: limit, appendingTo: &output)
        } catch {
            failure = error
        }
        // Some clients send bare deflate under the name of zlib's form.
        if container == .zlib, failure?.reason == .corrupt {
            failure = nil
            do throws(CompressionError) {
                try codec.decompress(body, .bare, limit: limit, appendingTo: &output)
            } catch {
                failure = error
            }
        }
        decompressor = consume codec
        if let failure { throw BodyCoding.refusal(failure) }
    }

    /// Gives back what a large answer left behind.
    mutating func trim() {
        if compressed.capacity > 1 << 20 { compressed = [] }
    }
}
