import Encoding
package import HTTP
package import LogQL
import Model
package import Posix
import PromQL
import Storage

/// What some of the lines look like: `detected_labels`, `detected_fields` with their values, `patterns`.
package struct LokiFieldsAPI: Sendable {
    private let service: QueryService
    private let engine: LogEngine
    private let time: any TimeSource

    /// Lines that are looked at where the request does not say.
    private static let linesDefault = 100
    private static let linesMax = 5000
    private static let patternLines = 10_000
    private static let patternsMax = 300
    private static let fieldsDefault = 1000

    package init(_ service: QueryService, _ engine: LogEngine, time: any TimeSource) {
        (self.service, self.engine, self.time) = (service, engine, time)
    }

    private typealias Answer = @Sendable (LokiParameters, PendingResponse, QueryProgress) throws(QueryError) -> Void

    package func add(to router: inout Router) {
        for method in [Method.get, .post] {
            add(method, "/loki/api/v1/detected_labels", &router) { (parameters, pending, _) throws(QueryError) in
                try labels(parameters, pending)
            }
            add(method, "/loki/api/v1/detected_fields", &router) { (parameters, pending, progress) throws(QueryError) in
                try fields(parameters, pending, progress)
            }
            add(method, "/loki/api/v1/patterns", &router) { (parameters, pending, progress) throws(QueryError) in
                try patterns(parameters, pending, progress)
            }
            router.add(method, "/loki/api/v1/detected_field/:name/values", role: .read) { request, response in
                let name = request.parameter("name")
                answer(request, &response) { (parameters, pending, progress) throws(QueryError) in
                    try values(name, parameters, pending, progress)
                }
            }
        }
    }

    private func add(_ method: Method, _ path: String, _ router: inout Router, _ body: @escaping Answer) {
        router.add(method, path, role: .read) { request, response in answer(request, &response, body) }
    }

    private func answer(_ request: borrowing Request, _ response: inout Response, _ body: @escaping Answer) {
        let parameters = LokiParameters(request, nowNs: time.wallNs)
        let question = RunningQueries.Question(
            query: parameters["query"] ?? "", principal: request.principal?.name ?? "", startMs: 0, endMs: 0, stepMs: 0)
        service.answer(
            &response,
            .init(
                question: question,
                run: { (pending, progress) throws(QueryError) in try body(parameters, pending, progress) },
                refuse: { LokiFailure($1).answer($0) }))
    }

    /// The newest lines that a request is about.
    private func sample(
        _ parameters: LokiParameters, lines: Int, _ progress: QueryProgress
    ) throws(QueryError) -> (lines: [ResultLine], startNs: Int64, endNs: Int64) {
        do throws(LokiFailure) {
            let range = try parameters.checkedRange()
            guard case .lines(let selector) = try parameters.query().parsed else {
                throw LokiFailure(.badRequest, "only log selector is supported")
            }
            return (
                try Self.asked { () throws(QueryError) in
                    try engine.lines(
                        .init(selector, startNs: range.startNs, endNs: range.endNs, limit: lines), progress
                    ).lines
                }, range.startNs, range.endNs
            )
        } catch {
            throw QueryError(.execution, error.message)
        }
    }

    private static func asked(_ ask: () throws(QueryError) -> [ResultLine]) throws(LokiFailure) -> [ResultLine] {
        do throws(QueryError) {
            return try ask()
        } catch {
            throw LokiFailure(error)
        }
    }

    private func number(
        _ parameters: LokiParameters, _ name: String, _ standard: Int, max: Int
    ) throws(QueryError) -> Int {
        do throws(LokiFailure) {
            return min(try parameters.limit(name, default: standard), max)
        } catch {
            throw QueryError(.execution, error.message)
        }
    }

    // MARK: labels

    private func labels(_ parameters: LokiParameters, _ pending: PendingResponse) throws(QueryError) {
        var values: [String: Set<String>] = [:]
        do throws(LokiFailure) {
            let range = try parameters.range()
            let request = LabelRequest(
                selectors: [try LokiParameters.matchers(parameters["query"])], startMs: range.startNs / 1_000_000,
                endMs: range.endNs / 1_000_000)
            for stream in try streams(request) {
                for pair in stream.pairs { values[pair.name, default: []].insert(pair.value) }
            }
        } catch {
            throw QueryError(.execution, error.message)
        }
        let sorted = values.sorted { $0.key < $1.key }
        LokiAnswer.plain(pending) { writer in
            writer.beginObject()
            writer.name("detectedLabels")
            writer.beginArray()
            for (name, values) in sorted {
                writer.beginObject()
                writer.member("label", name)
                writer.member("cardinality", values.count)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
    }

    private func streams(_ request: LabelRequest) throws(LokiFailure) -> [Labels] {
        do throws(StorageError) {
            return try engine.store.streams(request)
        } catch {
            throw LokiFailure(error)
        }
    }

    // MARK: fields

    private func detected(
        _ parameters: LokiParameters, _ progress: QueryProgress
    ) throws(QueryError) -> DetectedFields {
        let count = try number(parameters, "line_limit", Self.linesDefault, max: Self.linesMax)
        var fields = DetectedFields()
        for line in try sample(parameters, lines: count, progress).lines { fields.add(line) }
        return fields
    }

    private func fields(
        _ parameters: LokiParameters, _ pending: PendingResponse, _ progress: QueryProgress
    ) throws(QueryError) {
        let limit = try number(parameters, "limit", Self.fieldsDefault, max: .max)
        let fields = try detected(parameters, progress).all.prefix(limit)
        LokiAnswer.plain(pending) { writer in
            writer.beginObject()
            writer.name("fields")
            writer.beginArray()
            for field in fields {
                writer.beginObject()
                writer.member("label", field.name)
                writer.member("type", field.kind.rawValue)
                writer.member("cardinality", field.values.count)
                writer.name("parsers")
                Self.list(field.parsers.sorted(), &writer)
                if !field.path.isEmpty {
                    writer.name("jsonPath")
                    Self.list(field.path, &writer)
                }
                writer.endObject()
            }
            writer.endArray()
            writer.member("limit", limit)
            writer.endObject()
        }
    }

    private func values(
        _ name: String, _ parameters: LokiParameters, _ pending: PendingResponse, _ progress: QueryProgress
    ) throws(QueryError) {
        let limit = try number(parameters, "limit", Self.fieldsDefault, max: .max)
        let values = try detected(parameters, progress)[name]?.values.sorted().prefix(limit) ?? []
        LokiAnswer.plain(pending) { writer in
            writer.beginObject()
            writer.name("values")
            Self.list(Array(values), &writer)
            writer.member("limit", limit)
            writer.endObject()
        }
    }

    private static func list(_ texts: [String], _ writer: inout JSONWriter) {
        if texts.isEmpty { return writer.null() }
        writer.beginArray()
        for text in texts { writer.string(text) }
        writer.endArray()
    }

    // MARK: patterns

    private func patterns(
        _ parameters: LokiParameters, _ pending: PendingResponse, _ progress: QueryProgress
    ) throws(QueryError) {
        let sample = try sample(parameters, lines: Self.patternLines, progress)
        let step: Int64
        do throws(LokiFailure) {
            step = try parameters.stepNs((sample.startNs, sample.endNs))
        } catch {
            throw QueryError(.execution, error.message)
        }
        var patterns = LinePatterns(stepNs: step)
        for line in sample.lines { patterns.add(line) }
        LokiAnswer.success(pending) { writer in
            writer.beginArray()
            for pattern in patterns.frequent(Self.patternsMax) {
                writer.beginObject()
                writer.member("pattern", pattern.text)
                writer.name("samples")
                writer.beginArray()
                for point in pattern.counts {
                    writer.beginArray()
                    writer.number(Int(point.ns / 1_000_000_000))
                    writer.number(point.count)
                    writer.endArray()
                }
                writer.endArray()
                writer.endObject()
            }
            writer.endArray()
        }
    }
}
