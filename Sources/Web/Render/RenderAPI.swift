import Encoding
package import HTTP
package import Ledger
package import LogQL
package import Posix
import PromQL

/// `/render/...`: a panel of a dashboard, or an expression, as a picture; `POST /obs/v1/render` signs their addresses.
package struct RenderAPI: Sendable {
    let queries: QueryService
    let logs: LogEngine
    private let dashboards: DashboardsAPI
    private let ledger: Ledger
    private let time: any TimeSource

    private static let dayS: Int64 = 86_400
    private static let signedAtMostS: Int64 = 30 * dayS
    private static let bodyBytesMax = 64 << 10
    private static let sizes = 80...4000
    private static let seriesMax = 1000

    package init(
        _ queries: QueryService, _ logs: LogEngine, _ dashboards: DashboardsAPI, _ ledger: Ledger, time: any TimeSource
    ) {
        (self.queries, self.logs, self.dashboards, self.ledger, self.time) = (queries, logs, dashboards, ledger, time)
    }

    package func add(to router: inout Router) {
        router.post("/obs/v1/render", role: .read, bodyBytesMax: Self.bodyBytesMax) { [self] request, response in
            let body = HeldBody(request)
            queries.pool.answer(&response) { pending in
                do throws(APIError) {
                    let address = try sign(body.bytes)
                    APIAnswer.success(pending) { $0.string(address) }
                } catch {
                    APIAnswer.failure(pending, error)
                }
            }
        }
        // Its signature says that somebody who may read wants it to be seen.
        router.get("/render/:file", role: nil) { [self] request, response in
            let file = request.parameter("file")
            let pairs = request.pairs()
            let question = RunningQueries.Question(
                query: "/render/\(file)", principal: "render", startMs: 0, endMs: 0, stepMs: 0)
            let work = QueryService.Work(
                question: question,
                run: { pending, progress in answer(pending, file, pairs, progress) },
                refuse: { APIAnswer.failure($0, APIError($1)) })
            queries.answer(&response, work)
        }
    }

    /// Takes `{"file": "panel.svg", "parameters": {"dashboard": "...", "panel": "2"}, "seconds": 86400}`.
    private func sign(_ body: [UInt8]) throws(APIError) -> String {
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue.parse(body.span)
        } catch {
            throw APIError(.badData, "the body is no JSON: \(error)")
        }
        guard let file = json["file"]?.text, Form(file) != nil, let members = json["parameters"]?.members else {
            throw APIError(.badData, "send {\"file\": \"panel.svg\", \"parameters\": {...}}; \(Form.names)")
        }
        var parameters = members.flatMap { member in
            (member.value.elements ?? [member.value]).compactMap(\.text).map { (name: member.name, value: $0) }
        }
        let seconds = min(max(1, Int64(json["seconds"]?.int ?? Int(Self.dayS))), Self.signedAtMostS)
        parameters.removeAll { $0.name == RenderAddress.expires || $0.name == RenderAddress.signature }
        parameters.append((RenderAddress.expires, "\(time.wallMs / 1000 + seconds)"))
        return RenderAddress(file: file, parameters: parameters).signed(try key())
    }

    private func key() throws(APIError) -> [UInt8] {
        do throws(LedgerError) {
            return try ledger.key(named: "render")
        } catch {
            throw APIError(.internalFailure, "\(error)")
        }
    }

    private func answer(
        _ pending: PendingResponse, _ file: String, _ pairs: [(name: String, value: String)], _ progress: QueryProgress
    ) {
        do throws(APIError) {
            let signature = pairs.first { $0.name == RenderAddress.signature }?.value ?? ""
            let address = RenderAddress(file: file, parameters: pairs.filter { $0.name != RenderAddress.signature })
            if let refusal = address.refusal(signature: signature, try key(), nowMs: time.wallMs) {
                return pending.send(.forbidden, refusal + "\n")
            }
            guard let form = Form(file) else { throw APIError(.notFound, Form.names) }
            let picture = try picture(form, Parameters(pairs: address.parameters), progress)
            var fields = ResponseFields()
            fields.append("Cache-Control", "private, max-age=30")
            fields.append("Content-Security-Policy", "default-src 'none'")
            fields.append("X-Content-Type-Options", "nosniff")
            let bytes = form.isPNG ? try Self.png(picture) : picture.svg()
            pending.send(.ok, bytes.span, contentType: form.isPNG ? "image/png" : "image/svg+xml", fields)
        } catch {
            APIAnswer.failure(pending, error)
        }
    }

    private static func png(_ picture: Picture) throws(APIError) -> [UInt8] {
        do throws(UndrawablePicture) {
            return try picture.png()
        } catch {
            throw APIError(.unavailable, "\(error)")
        }
    }

    /// What a file name asks for.
    private struct Form {
        static let names = "there are panel.svg, panel.png, expression.svg and expression.png"
        let isPanel: Bool
        let isPNG: Bool

        init?(_ file: String) {
            guard ["panel.svg", "panel.png", "expression.svg", "expression.png"].contains(file) else { return nil }
            (isPanel, isPNG) = (file.hasPrefix("panel"), file.hasSuffix("png"))
        }
    }

    private struct Parameters {
        let pairs: [(name: String, value: String)]

        subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

        func size(_ name: String, _ standard: Int) throws(APIError) -> Int {
            guard let text = self[name] else { return standard }
            guard let size = Int(text), RenderAPI.sizes.contains(size) else {
                throw APIError(parameter: name, "from \(RenderAPI.sizes.lowerBound) to \(RenderAPI.sizes.upperBound)")
            }
            return size
        }

        /// Values of a dashboard's variables: `var-host=a`.
        var variables: [String: [String]] {
            Dictionary(grouping: pairs.filter { $0.name.hasPrefix("var-") }) { String($0.name.dropFirst(4)) }
                .mapValues { $0.map(\.value) }
        }
    }
}

/// What a picture shows.
extension RenderAPI {
    private func picture(
        _ form: Form, _ parameters: Parameters, _ progress: QueryProgress
    ) throws(APIError) -> Picture {
        let (width, height) = (try parameters.size("width", 1000), try parameters.size("height", 500))
        let times = try RenderTimes(
            from: parameters["from"] ?? "now-6h", to: parameters["to"] ?? "now", nowMs: time.wallMs, points: width)
        let panel =
            form.isPanel
            ? try panel(parameters, times)
            : RenderedPanel(
                title: parameters["title"] ?? "", queries: parameters.pairs.filter { $0.name == "query" }.map(\.value),
                unit: parameters["unit"])
        var series: [PanelPicture.Series] = []
        var lines: [(ms: Int64, text: String)] = []
        var notices: [String] = []
        for query in panel.queries {
            if query.isLogs {
                let found = try askLogs(query, times, linesMax: height / Int(PanelPicture.rowHeight), progress)
                series += found.series
                lines += found.lines
            } else {
                series += try ask(query, of: panel, times, progress)
            }
            if series.count > Self.seriesMax {
                notices.append("only \(Self.seriesMax) of \(series.count) series are drawn")
                series.removeLast(series.count - Self.seriesMax)
            }
        }
        return PanelPicture(
            panel: panel, series: series, lines: lines.sorted { $0.ms > $1.ms }, times: times,
            colours: parameters["theme"] == "light" ? .light : .dark,
            notices: notices
        ).picture(width: width, height: height)
    }

    private func panel(_ parameters: Parameters, _ times: RenderTimes) throws(APIError) -> RenderedPanel {
        guard let identifier = parameters["dashboard"], let number = parameters["panel"] else {
            throw APIError(.badData, "name the panel: dashboard=<uid>&panel=<number>")
        }
        guard let bytes = try dashboards.json(identifier) else {
            throw APIError(.notFound, "there is no dashboard \(identifier)")
        }
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue.parse(bytes.span)
        } catch {
            throw APIError(.internalFailure, "the dashboard \(identifier) is no JSON: \(error)")
        }
        guard let panel = RenderedPanel(number, of: json, given: parameters.variables, times) else {
            throw APIError(.notFound, "the dashboard \(identifier) has no panel \(number)")
        }
        return panel
    }
}
