import Encoding
package import HTTP
package import Ingest
import LogQL
import Model
import Posix
import Storage

/// `/obs/v1/logs/export` and `/obs/v1/logs/import`: entries of logs as lines of JSON; and `/loki/api/v1/delete`, which
/// deletes by selector and range.
package struct LogTransferAPI: Sendable {
    private static let blockBytes = 256 << 10

    private let context: LogIngestContext
    private let intake: LogIntake
    private let pool: HandlerPool
    private let deletions: LokiDeletions

    /// - Parameters:
    ///   - pool: requests that wait in it keep their bodies.
    ///   - deletions: path of the file with the list of what was deleted.
    package init(_ context: LogIngestContext, pool: HandlerPool, deletions: String) {
        self.context = context
        self.deletions = LokiDeletions(deletions)
        // What is imported went through the pipelines when it was taken first.
        var plain = context
        plain.pipelines = { [] }
        intake = LogIntake("import", plain)
        self.pool = pool
    }

    package func add(to router: inout Router) {
        for method in [Method.get, .post] {
            router.add(method, "/obs/v1/logs/export", role: .read) { request, response in
                let parameters = APIParameters(request)
                pool.answer(&response) { pending in export(parameters, pending) }
            }
        }
        router.post("/obs/v1/logs/import", role: .ingest, bodyBytesMax: context.limits.bodyBytesMax) {
            request, response in
            let parameters = APIParameters(request)
            var body: [UInt8] = []
            body.append(request.body)
            let copy = body
            pool.answer(&response) { pending in take(copy, parameters, pending) }
        }
        for method in [Method.post, .put] {
            router.add(method, "/loki/api/v1/delete", role: .admin) { request, response in
                let parameters = APIParameters(request)
                pool.answer(&response) { pending in delete(parameters, pending) }
            }
        }
        router.get("/loki/api/v1/delete", role: .admin) { [deletions] _, response in
            pool.answer(&response) { deletions.list($0) }
        }
        router.add(.delete, "/loki/api/v1/delete", role: .admin) { [deletions] request, response in
            let id = request.value("request_id") ?? ""
            pool.answer(&response) { deletions.cancel(id, $0) }
        }
    }

    // MARK: out

    private func export(_ parameters: APIParameters, _ pending: PendingResponse) {
        let cancellation = Cancellation()
        pending.onClientGone { cancellation.raise() }
        do throws(APIError) {
            let (startNs, endNs) = try Self.range(parameters)
            var selectors: [[Matcher]] = []
            for text in parameters.all("match[]") { selectors.append(try Self.matchers(text, "match[]")) }
            if selectors.isEmpty { selectors = [[]] }
            let requests = selectors.map { matchers in
                var request = LogSelectRequest(
                    matchers: matchers, startNs: startNs, endNs: endNs, cancellation: cancellation)
                if parameters["sort"] == "time" { request.order = .oldestFirst }
                return request
            }
            var scans: [any LogScan] = []
            for request in requests {
                do throws(StorageError) {
                    scans.append(try context.store.scan(request))
                } catch {
                    throw APIError(error)
                }
            }
            Self.send(scans, pending)
        } catch {
            APIAnswer.failure(pending, error)
        }
    }

    /// Where reading fails in the middle the connection is reset, so that nobody takes a part for the whole.
    private static func send(_ scans: [any LogScan], _ pending: PendingResponse) {
        pending.begin(.ok, contentType: TransferForm.jsonLines.contentType)
        var block = LogBlock()
        var bytes: [UInt8] = []
        for scan in scans {
            do throws(StorageError) {
                while try scan.next(into: &block) {
                    LogEntryLine.append(block, to: &bytes)
                    guard bytes.count >= blockBytes else { continue }
                    if !pending.write(bytes.span) { return }
                    bytes.removeAll(keepingCapacity: true)
                }
            } catch {
                return
            }
        }
        if !bytes.isEmpty, !pending.write(bytes.span) { return }
        pending.finish()
    }

    /// Seconds or RFC 3339, as everywhere in the API; both ends included.
    private static func range(_ parameters: APIParameters) throws(APIError) -> (startNs: Int64, endNs: Int64) {
        let startMs = try parameters.timeMs("start") ?? .min
        let endMs = try parameters.timeMs("end") ?? .max
        if endMs < startMs { throw APIError(parameter: "end", "end timestamp must not be before start time") }
        func ns(_ ms: Int64) -> Int64 {
            let (product, overflows) = ms.multipliedReportingOverflow(by: 1_000_000)
            return overflows ? (ms < 0 ? .min : .max) : product
        }
        return (ns(startMs), endMs == .max ? .max : ns(endMs) + 999_999)
    }

    // MARK: in

    private func take(_ body: [UInt8], _ parameters: APIParameters, _ pending: PendingResponse) {
        var reader = LogEntryReader()
        var batch = LogBatch()
        var flaws: [String] = []
        var refused = 0
        var number = parameters["first_line"].flatMap { Int($0) } ?? 1
        var lines: [Int] = []
        var start = 0
        while start < body.count {
            let end = body.span.offset(of: 0x0a, from: start) ?? body.count
            defer { (start, number) = (end + 1, number + 1) }
            if end == start { continue }
            do throws(LineFlaw) {
                try reader.read(body.span.extracting(start..<end), into: &batch)
                lines.append(number)
            } catch {
                refused += 1
                if flaws.count < LineImport.Result.reasonsMax { flaws.append("line \(number): \(error)") }
            }
        }
        // Sent again after a lost answer, a piece is taken once.
        if let sender = parameters["sender"], let sequence = parameters["sequence"].flatMap({ UInt64($0) }) {
            batch.identity = LogBatch.Identity(sender: sender, sequence: sequence)
        }
        do throws(RequestRefusal) {
            let outcome = try intake.take(batch)
            refused += outcome.refusals.count
            for refusal in outcome.refusals where flaws.count < LineImport.Result.reasonsMax {
                flaws.append("line \(lines[refusal.entry]): \(outcome.sentence)")
            }
            guard refused > 0 else { return pending.send(.noContent, "") }
            let head = "\(refused) lines were refused, \(outcome.accepted) were taken"
            pending.send(.badRequest, ([head] + flaws).joined(separator: "\n") + "\n")
        } catch {
            var fields = ResponseFields()
            if error.status == .serviceUnavailable { fields.append("Retry-After", "5") }
            let text = "\(error.reason)\n"
            pending.send(error.status, text.utf8.span, contentType: ContentType.text, fields)
        }
    }

    /// A selector of LogQL, which may have no matcher at all; entries are not chosen by what is in them.
    private static func matchers(_ text: String, _ parameter: String) throws(APIError) -> [Matcher] {
        let query: LogQuery
        do throws(LogQLError) {
            query = try LogQuery(parsing: text)
        } catch {
            throw APIError(parameter: parameter, "\(error)")
        }
        guard case .lines(let selector) = query, selector.isPlain else {
            throw APIError(parameter: parameter, "write the selector of streams alone, such as {app=\"api\"}")
        }
        return selector.matchers
    }

    // MARK: away

    private func delete(_ parameters: APIParameters, _ pending: PendingResponse) {
        do throws(APIError) {
            guard let text = parameters["query"] else {
                throw APIError(parameter: "query", "name the streams, such as {app=\"api\"}")
            }
            var request = LabelRequest(selectors: [try Self.matchers(text, "query")])
            request.startMs = try parameters.timeMs("start") ?? .min
            request.endMs = try parameters.timeMs("end") ?? .max
            if request.endMs < request.startMs {
                throw APIError(parameter: "end", "end timestamp must not be before start time")
            }
            do throws(StorageError) {
                try context.store.delete(request)
            } catch {
                throw APIError(error)
            }
            deletions.note(text, startMs: request.startMs, endMs: request.endMs, nowMs: context.time.wallMs)
            pending.send(.noContent, "")
        } catch {
            APIAnswer.failure(pending, error)
        }
    }
}
