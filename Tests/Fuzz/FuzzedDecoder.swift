/// A decoder with what has to hold for every input. Whatever is wrong traps.
package struct FuzzedDecoder: Sendable {
    /// The name on the command line, and of its folder under Seeds.
    package let name: String
    /// The longest input that is tried: what is interesting fits in, and longer ones cost executions.
    let bytesMax: Int
    package let decode: @Sendable (Span<UInt8>) -> Void

    init(_ name: String, bytesMax: Int = 1024, _ decode: @escaping @Sendable (Span<UInt8>) -> Void) {
        self.name = name
        self.bytesMax = bytesMax
        self.decode = decode
    }

    /// One file under Decoders and one line here for each.
    package static let all: [FuzzedDecoder] = [
        bitPacking,
        bulk,
        busMessage,
        chunkedBody,
        digits,
        dnsMessage,
        expositionText,
        firehose,
        fluentBit,
        gzip,
        influx,
        json,
        jsonLine,
        labelSegment,
        logLines,
        logPart,
        logStages,
        logqlText,
        lokiPush,
        lz4,
        notificationTemplate,
        promqlEvaluation,
        promqlText,
        openMetrics,
        otlp,
        otlpRecords,
        protobuf,
        protobufExposition,
        readRequest,
        redisReplies,
        requestHead,
        samplePart,
        snappy,
        template,
        textLine,
        statsD,
        syslog,
        varint,
        webSocket,
        writeRequestV2,
        yaml,
        zstandard,
    ]
}

/// Traps with the sentence unless `condition` holds.
func check(_ condition: Bool, _ sentence: @autoclosure () -> String) {
    guard !condition else { return }
    fatalError(sentence())
}

extension Span<UInt8> {
    /// The bytes as an array, to compare.
    var array: [UInt8] { indices.map { self[$0] } }
}
