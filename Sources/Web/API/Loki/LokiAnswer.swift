import Encoding
import HTTP
import LogQL

/// The envelope of Loki's API: `{"status":"success","data":...}`.
enum LokiAnswer {
    static func success(_ pending: PendingResponse, _ data: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("status", "success")
        writer.name("data")
        data(&writer)
        writer.endObject()
        pending.send(.ok, writer.bytes.span, contentType: ContentType.json)
    }

    /// An answer without envelope.
    static func plain(_ pending: PendingResponse, _ body: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        body(&writer)
        pending.send(.ok, writer.bytes.span, contentType: ContentType.json)
    }

    static func statistics(_ statistics: LogStatistics, _ writer: inout JSONWriter) {
        let seconds = Double(statistics.execNs) / 1e9
        let rate = { (count: Int) in seconds > 0 ? Int(Double(count) / seconds) : 0 }
        writer.beginObject()
        writer.name("summary")
        writer.beginObject()
        writer.member("bytesProcessedPerSecond", rate(statistics.bytesRead))
        writer.member("linesProcessedPerSecond", rate(statistics.entriesRead))
        writer.member("totalBytesProcessed", statistics.bytesRead)
        writer.member("totalLinesProcessed", statistics.entriesRead)
        writer.member("execTime", seconds)
        writer.member("queueTime", 0.0)
        writer.member("subqueries", 0)
        writer.member("totalEntriesReturned", statistics.entriesReturned)
        writer.member("splits", 0)
        writer.member("shards", 0)
        writer.member("totalPostFilterLines", statistics.entriesKept)
        writer.member("totalStructuredMetadataBytesProcessed", 0)
        writer.endObject()
        writer.name("querier")
        writer.beginObject()
        store(statistics, &writer)
        writer.endObject()
        writer.name("ingester")
        writer.beginObject()
        writer.member("totalReached", 0)
        writer.member("totalChunksMatched", 0)
        writer.member("totalBatches", 0)
        writer.member("totalLinesSent", 0)
        store(LogStatistics(execNs: 0, entriesRead: 0, bytesRead: 0, entriesKept: 0, entriesReturned: 0), &writer)
        writer.endObject()
        writer.endObject()
    }

    private static func store(_ statistics: LogStatistics, _ writer: inout JSONWriter) {
        writer.name("store")
        writer.beginObject()
        writer.member("totalChunksRef", 0)
        writer.member("totalChunksDownloaded", 0)
        writer.member("chunksDownloadTime", 0)
        writer.name("chunk")
        writer.beginObject()
        writer.member("headChunkBytes", 0)
        writer.member("headChunkLines", 0)
        writer.member("decompressedBytes", statistics.bytesRead)
        writer.member("decompressedLines", statistics.entriesRead)
        writer.member("compressedBytes", 0)
        writer.member("totalDuplicates", 0)
        writer.member("postFilterLines", statistics.entriesKept)
        writer.endObject()
        writer.endObject()
    }
}
