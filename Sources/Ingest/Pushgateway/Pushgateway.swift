import Encoding
package import HTTP
import Model
import Storage

/// The paths of Prometheus' Pushgateway: `/metrics/job/<job>{/<label>/<value>}`.
package struct Pushgateway: IngestProtocol {
    private let groups: PushedGroups
    private let limits: IngestLimits

    package init(_ context: IngestContext) {
        let intake = MetricIntake("pushgateway", store: context.store, registry: context.registry)
        groups = PushedGroups(intake, keySeed: context.keySeed, time: context.time)
        limits = context.limits
    }

    package func add(to router: inout Router) {
        for method in [Method.put, .post, .delete] {
            router.add(method, "/metrics/*key", role: .ingest, bodyBytesMax: limits.bodyBytesMax) { request, response in
                switch answer(method, request) {
                case nil: response.send(method == .delete ? .accepted : .ok)
                case .some(let refusal): response.refuse(ingest: refusal)
                }
            }
        }
    }

    private func answer(_ method: Method, _ request: borrowing Request) -> RequestRefusal? {
        let key: Labels
        switch GroupingKey.read(request.parameter("key")) {
        case .success(let labels): key = labels
        case .failure(let refusal): return RequestRefusal(.badRequest, refusal.reason)
        }
        do throws(StorageError) {
            if method == .delete {
                try groups.delete(key)
                return nil
            }
            return try push(request, key, replacesAll: method == .put)
        } catch {
            return RequestRefusal(error.status, "\(error)")
        }
    }

    private func push(
        _ request: borrowing Request, _ key: Labels, replacesAll: Bool
    ) throws(StorageError) -> RequestRefusal? {
        var page = PushedPage()
        do throws(ExpositionError) {
            try page.read(request.body, ExpositionFormat.ofPushed(contentType: request.headerText("content-type")))
        } catch {
            groups.fail(key)
            return RequestRefusal(.badRequest, "cannot read the page: \(error)")
        }
        if page.samples.contains(where: { $0.timestampMs != nil }) {
            groups.fail(key)
            return RequestRefusal(.badRequest, "pushed metrics must not have timestamps")
        }
        let refusal = try groups.push(page, to: key, replacesAll: replacesAll)
        return refusal.map { RequestRefusal(.badRequest, $0) }
    }
}
