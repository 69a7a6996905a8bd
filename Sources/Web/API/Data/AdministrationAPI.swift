package import Encoding
package import HTTP
import Model
package import Storage

/// What an administrator may have done to the data, beyond what the seam of the stores has.
package struct DataAdministration: Sendable {
    /// Makes a snapshot and returns its name.
    package var snapshot: @Sendable () throws -> String
    package var cleanTombstones: @Sendable () throws -> Void
    /// Brings a backup into a folder of the collector's machine and returns what was done.
    package var backUp: @Sendable (_ folder: String) throws -> JSONValue

    package init(
        snapshot: @escaping @Sendable () throws -> String, cleanTombstones: @escaping @Sendable () throws -> Void,
        backUp: @escaping @Sendable (_ folder: String) throws -> JSONValue
    ) {
        self.snapshot = snapshot
        self.cleanTombstones = cleanTombstones
        self.backUp = backUp
    }
}

/// `/api/v1/admin/tsdb/...` as Prometheus has it, and `/obs/v1/backup`.
package struct AdministrationAPI: Sendable {
    private let store: any MetricStore
    private let administration: DataAdministration
    private let pool: HandlerPool

    package init(store: any MetricStore, administration: DataAdministration, pool: HandlerPool) {
        self.store = store
        self.administration = administration
        self.pool = pool
    }

    package func add(to router: inout Router) {
        for method in [Method.post, .put] {
            add(method, "/api/v1/admin/tsdb/delete_series", to: &router) { (parameters, pending) throws(APIError) in
                try delete(parameters)
                pending.send(.noContent, "")
            }
            add(method, "/api/v1/admin/tsdb/clean_tombstones", to: &router) { (_, pending) throws(APIError) in
                try Self.done { try administration.cleanTombstones() }
                pending.send(.noContent, "")
            }
            add(method, "/api/v1/admin/tsdb/snapshot", to: &router) { (parameters, pending) throws(APIError) in
                // The head is always in it: putting it into parts is a matter of milliseconds.
                guard [nil, "true", "false", "1", "0"].contains(parameters["skip_head"]) else {
                    throw APIError(parameter: "skip_head", "unable to parse boolean")
                }
                let name = try Self.done { try administration.snapshot() }
                APIAnswer.success(pending) { json in
                    json.beginObject()
                    json.member("name", name)
                    json.endObject()
                }
            }
        }
        add(.post, "/obs/v1/backup", to: &router) { (parameters, pending) throws(APIError) in
            guard let folder = parameters["to"] else {
                throw APIError(parameter: "to", "name the folder for the backup")
            }
            let report = try Self.done { try administration.backUp(folder) }
            APIAnswer.success(pending) { $0.value(report) }
        }
    }

    private func add(
        _ method: Method, _ path: String, to router: inout Router,
        _ work: @escaping @Sendable (APIParameters, PendingResponse) throws(APIError) -> Void
    ) {
        router.add(method, path, role: .admin) { request, response in
            let parameters = APIParameters(request)
            pool.answer(&response) { pending in
                do throws(APIError) {
                    try work(parameters, pending)
                } catch {
                    APIAnswer.failure(pending, error)
                }
            }
        }
    }

    private func delete(_ parameters: APIParameters) throws(APIError) {
        let texts = parameters.all("match[]")
        if texts.isEmpty { throw APIError(.badData, "no match[] parameter provided") }
        var request = LabelRequest()
        for text in texts { request.selectors.append(try APISelector.parse(text)) }
        request.startMs = try parameters.timeMs("start") ?? .min
        request.endMs = try parameters.timeMs("end") ?? .max
        if request.endMs < request.startMs {
            throw APIError(parameter: "end", "end timestamp must not be before start time")
        }
        do throws(StorageError) {
            try store.delete(request)
        } catch {
            throw APIError(error)
        }
    }

    /// Failures of the collector's own work, in the terms of the API.
    private static func done<Result>(_ work: () throws -> Result) throws(APIError) -> Result {
        do {
            return try work()
        } catch let error as StorageError {
            throw APIError(error)
        } catch {
            throw APIError(.execution, "\(error)")
        }
    }
}
