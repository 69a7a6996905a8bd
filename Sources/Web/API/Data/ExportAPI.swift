package import HTTP
import Model
import Posix
package import Storage

/// `/api/v1/export` gives stored samples as JSON lines, `/api/v1/export/prometheus` as lines of Prometheus' text format.
/// Both stream: memory is bounded whatever is asked for.
package struct ExportAPI: Sendable {
    private let store: any MetricStore
    private let pool: HandlerPool

    package init(store: any MetricStore, pool: HandlerPool) {
        self.store = store
        self.pool = pool
    }

    package func add(to router: inout Router) {
        for method in [Method.get, .post] {
            router.add(method, "/api/v1/export", role: .read) { request, response in
                answer(request, &response, as: .jsonLines)
            }
            router.add(method, "/api/v1/export/prometheus", role: .read) { request, response in
                answer(request, &response, as: .text)
            }
        }
    }

    private func answer(_ request: borrowing Request, _ response: inout Response, as form: TransferForm) {
        let parameters = APIParameters(request)
        pool.answer(&response) { pending in
            let cancellation = Cancellation()
            pending.onClientGone { cancellation.raise() }
            do throws(APIError) {
                let export = try SeriesExport(store, try Self.requests(parameters, cancellation), form)
                Self.send(export, form, pending)
            } catch {
                APIAnswer.failure(pending, error)
            }
        }
    }

    /// One for each selector; all series where there is none.
    private static func requests(
        _ parameters: APIParameters, _ cancellation: Cancellation
    ) throws(APIError) -> [SelectRequest] {
        let startMs = try parameters.timeMs("start") ?? .min
        let endMs = try parameters.timeMs("end") ?? .max
        if endMs < startMs { throw APIError(parameter: "end", "end timestamp must not be before start time") }
        var selectors: [[Matcher]] = []
        for text in parameters.all("match[]") { selectors.append(try APISelector.parse(text)) }
        if selectors.isEmpty { selectors = [[]] }
        let isSorted = parameters["sort"] == "labels"
        return selectors.map { matchers in
            var request = SelectRequest(
                matchers: matchers, startMs: startMs, endMs: endMs, cancellation: cancellation)
            request.sorted = isSorted
            return request
        }
    }

    /// Where reading fails in the middle the connection is reset, so that nobody takes a part for the whole.
    private static func send(_ export: consuming SeriesExport, _ form: TransferForm, _ pending: PendingResponse) {
        pending.begin(.ok, contentType: form.contentType)
        var export = export
        do throws(StorageError) {
            while let bytes = try export.next() {
                if !pending.write(bytes.span) { return }
            }
        } catch {
            return
        }
        pending.finish()
    }
}
