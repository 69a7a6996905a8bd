import Encoding
import Foundation
import Ingest
import LogDB
import Model
import Storage

private func report(_ name: String, _ value: Double) { print(name, String(format: "%.4f", value)) }

private func seconds(_ clock: clockid_t) -> Double {
    var now = timespec()
    unsafe clock_gettime(clock, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}

/// Peak of resident memory, in MiB.
private func peakMiB() throws -> Double {
    let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (Double(line?.split(whereSeparator: { " \t".contains($0) })[1] ?? "") ?? 0) / 1024
}

/// Bodies of Loki pushes as the benchmark's generator makes them: length, lines and raw bytes, then snappy.
struct Bodies {
    private let handle: FileHandle

    init(_ path: String) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw CocoaError(.fileNoSuchFile) }
        self.handle = handle
    }

    mutating func next() throws -> [UInt8]? {
        guard let header = try handle.read(upToCount: 16), header.count == 16 else { return nil }
        let length = header.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        return try handle.read(upToCount: length).map { Array($0) }
    }
}

/// A push body as a batch.
func batch(_ body: [UInt8]) throws -> LogBatch {
    var plain: [UInt8] = []
    try Snappy.decompress(body.span, bytesMax: 64 << 20, appendingTo: &plain)
    var batch = try LokiPushDecoder.batch(plain)
    batch.dropsRepeats = true
    return batch
}

func measureScan(_ store: LogDatabase, _ name: String, _ change: (inout LogSelectRequest) -> Void) throws {
    var best = Double.infinity
    var count = 0
    for _ in 0..<5 {
        var request = LogSelectRequest(matchers: [])
        change(&request)
        let start = seconds(CLOCK_THREAD_CPUTIME_ID)
        let scan = try store.scan(request)
        var block = LogBlock()
        count = 0
        while try scan.next(into: &block) { count += block.count }
        best = min(best, seconds(CLOCK_THREAD_CPUTIME_ID) - start)
    }
    report("\(name)_ms", best * 1000)
    report("\(name)_gb_per_s", Double(store.rawBytes) / best / 1e9)
    report("\(name)_entries", Double(count))
}

/// A sum that two sets of lines with their times share only where they are the same.
struct LineSum: Equatable {
    private var sum: UInt64 = 0

    mutating func add(_ timestampNs: Int64, _ line: Span<UInt8>) {
        sum &+= Hash64.of(line, seed: UInt64(bitPattern: timestampNs))
    }
}

/// Whether the store tells every line of the bodies byte for byte, and none besides.
func tellsAllLines(_ store: LogDatabase, _ path: String) throws -> Bool {
    var (sent, told) = (LineSum(), LineSum())
    var bodies = try Bodies(path)
    while let body = try bodies.next() {
        let batch = try batch(body)
        for entry in batch.entries { sent.add(entry.timestampNs, batch.bytes.span.extracting(entry.line)) }
    }
    let scan = try store.scan(LogSelectRequest(matchers: []))
    var block = LogBlock()
    while try scan.next(into: &block) {
        for entry in 0..<block.count {
            told.add(block.timestampsNs[entry], block.lineBytes.span.extracting(block.line(entry)))
        }
    }
    return sent == told
}

/// Spreads the lines of each stream over pods that live for so many lines: what a cluster whose pods come and go sends.
struct PodChurn {
    let linesOfPod: Int
    private var sent: [[UInt8]: Int] = [:]

    init(linesOfPod: Int) { self.linesOfPod = linesOfPod }

    mutating func spread(_ batch: LogBatch) -> LogBatch {
        var spread = LogBatch()
        var streams: [Int: Int] = [:]
        for entry in batch.entries {
            let labels = Array(batch.bytes[batch.streams[entry.stream]])
            let pod = sent[labels, default: 0] / linesOfPod
            sent[labels, default: 0] += 1
            let key = pod << 16 | entry.stream
            if streams[key] == nil {
                var builder = LabelsBuilder(Labels(canonical: labels))
                builder.set("pod", "pod-\(pod)")
                streams[key] = spread.appendStream(builder.labels())
            }
            spread.append(
                entry.timestampNs, stream: streams[key] ?? 0, batch.bytes.span.extracting(entry.line))
        }
        spread.dropsRepeats = batch.dropsRepeats
        return spread
    }
}

let arguments = CommandLine.arguments
let (bodiesPath, directory, needle) = (arguments[1], arguments[2], arguments[3])
var options = LogStoreOptions()
options.freeBytesMin = 0
let store = try LogDatabase(directory: directory, options: options)
var churn = arguments.count > 4 ? PodChurn(linesOfPod: Int(arguments[4]) ?? 16) : nil
var lines = 0
let start = seconds(CLOCK_PROCESS_CPUTIME_ID)
let wall = seconds(CLOCK_MONOTONIC)
var bodies = try Bodies(bodiesPath)
while let body = try bodies.next() {
    var sent = try batch(body)
    if churn != nil, let spread = churn?.spread(sent) { sent = spread }
    let outcome = try store.append(sent)
    lines += outcome.accepted
}
let millions = Double(lines) / 1e6
report("lines", Double(lines))
report("append_cpu_s_per_million", (seconds(CLOCK_PROCESS_CPUTIME_ID) - start) / millions)
try store.flush()
while try store.mergeOnce() {}
report("settled_cpu_s_per_million", (seconds(CLOCK_PROCESS_CPUTIME_ID) - start) / millions)
report("wall_s", seconds(CLOCK_MONOTONIC) - wall)
report("peak_mib", try peakMiB())
report("raw_over_stored", Double(store.rawBytes) / Double(store.storedBytes))
report("streams", Double(try store.streams(LabelRequest()).count))
try measureScan(store, "one_stream") {
    $0.matchers = [
        Matcher("service", equals: "payments"), Matcher("host", equals: "mkt-13"), Matcher("level", equals: "INFO"),
    ]
    if churn != nil { $0.matchers.append(Matcher("pod", equals: "pod-7")) }
    $0.limit = 100
    $0.order = .newestFirst
}
report("lines_identical", try tellsAllLines(store, bodiesPath) ? 1 : 0)
try measureScan(store, "trace") { $0.lineFilters = [LogLineFilter(contains: Array(needle.utf8))] }
try measureScan(store, "phrase") {
    $0.lineFilters = [LogLineFilter(contains: Array("chargeback dispute opened".utf8))]
}
try measureScan(store, "substring") { $0.lineFilters = [LogLineFilter(contains: Array("ection res".utf8))] }
try measureScan(store, "absent") { $0.lineFilters = [LogLineFilter(contains: Array("zqzq".utf8))] }
try measureScan(store, "status") {
    $0.fieldConditions = [LogFieldCondition("status", .greaterOrEqual, 500)]
    $0.wantsLines = false
}
try measureScan(store, "newest") {
    $0.order = .newestFirst
    $0.limit = 100
}
try measureScan(store, "all_lines") { _ in }
try store.close()
