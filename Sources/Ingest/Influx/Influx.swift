import Encoding
package import HTTP
import Model
import Posix
import Storage

/// InfluxDB's writes, 1.x (`/write`) and 2.x (`/api/v2/write`), as Telegraf sends them. The series of a field is called
/// `measurement_field`, its tags are labels, and the database, where one is named, is the label `db`.
package struct Influx: IngestProtocol {
    private let intake: MetricIntake
    private let limits: IngestLimits
    private let keySeed: Hash128
    private let time: any TimeSource

    package init(_ context: IngestContext) {
        intake = MetricIntake("influx", store: context.store, registry: context.registry)
        (limits, keySeed, time) = (context.limits, context.keySeed, context.time)
    }

    package func add(to router: inout Router) {
        for path in ["/write", "/api/v2/write", "/influx/write", "/influx/api/v2/write"] {
            router.post(path, role: .ingest, bodyBytesMax: limits.bodyBytesMax) { request, response in
                switch take(request) {
                case nil: response.send(.noContent)
                case .some(let refusal): response.refuse(ingest: refusal)
                }
            }
        }
        for path in ["/ping", "/influx/ping"] {
            router.get(path, role: .ingest) { _, response in
                response.fields.append("X-Influxdb-Version", "1.8.0")
                response.send(.noContent)
            }
        }
        // Telegraf makes sure of its database before it writes.
        for path in ["/query", "/influx/query"] {
            router.post(path, role: .ingest) { _, response in
                response.send(#"{"results":[{"statement_id":0}]}"#, contentType: ContentType.json)
            }
        }
    }

    private func take(_ request: borrowing Request) -> RequestRefusal? {
        let database = request.value("db") ?? request.value("bucket") ?? ""
        guard let unitNs = Self.unitNs(request.value("precision") ?? "ns") else {
            return RequestRefusal(.badRequest, "precision has to be ns, us, ms, s, m or h")
        }
        let body = request.body
        let nowMs = time.wallMs
        var batch = LabelledBatch(keySeed: keySeed)
        var flaw: String?
        var start = 0
        var number = 0
        while start < body.count {
            let end = body.offset(of: UInt8(ascii: "\n"), from: start) ?? body.count
            let line = body.extracting(start..<end)
            start = end + 1
            number += 1
            if line.isBlank || line[0] == UInt8(ascii: "#") { continue }
            do throws(InfluxLine.Flaw) {
                add(try InfluxLine(line), database, unitNs, nowMs, &batch)
            } catch {
                if flaw == nil { flaw = "line \(number): \(error.reason)" }
            }
            if let refusal = intake.refusal(ofSamples: batch.count, limits) { return refusal }
        }
        return finish(&batch, flaw)
    }

    /// Good points are kept beside flawed ones, as InfluxDB does it; the answer still says what was wrong.
    private func finish(_ batch: inout LabelledBatch, _ flaw: String?) -> RequestRefusal? {
        do throws(StorageError) {
            let outcome = try batch.take(by: intake)
            if let flaw { return RequestRefusal(.badRequest, "partial write: \(flaw)") }
            return outcome.refusedTotal == 0 ? nil : RequestRefusal(.badRequest, outcome.sentence)
        } catch {
            return RequestRefusal(error.status, "\(error)")
        }
    }

    private func add(
        _ line: InfluxLine, _ database: String, _ unitNs: Int64, _ nowMs: Int64, _ batch: inout LabelledBatch
    ) {
        let atMs = line.timestamp.map { Self.milliseconds($0, unitNs) } ?? nowMs
        var labels = LabelsBuilder()
        for field in line.fields {
            labels.removeAll()
            if !database.isEmpty { labels.set("db", database) }
            for tag in line.tags { labels.set(tag.name, tag.value) }
            labels.set(Labels.metricName, line.measurement + "_" + field.name)
            _ = batch.add(&labels, field.value, atMs: atMs)
        }
    }

    private static func milliseconds(_ timestamp: Int64, _ unitNs: Int64) -> Int64 {
        if unitNs < 1_000_000 { return timestamp / (1_000_000 / unitNs) }
        let (product, overflows) = timestamp.multipliedReportingOverflow(by: unitNs / 1_000_000)
        return overflows ? (timestamp < 0 ? .min : .max) : product
    }

    private static func unitNs(_ precision: String) -> Int64? {
        switch precision {
        case "n", "ns", "": 1
        case "u", "us", "µ": 1000
        case "ms": 1_000_000
        case "s": 1_000_000_000
        case "m": 60_000_000_000
        case "h": 3_600_000_000_000
        default: nil
        }
    }
}

extension Span<UInt8> {
    fileprivate var isBlank: Bool { indices.allSatisfy { self[$0] == 0x20 || self[$0] == 0x0d || self[$0] == 0x09 } }
}
