import Encoding
import HTTP
import Posix
import Telemetry

/// Stands for PagerDuty and Slack on this machine: takes what they would take, and shows it at `/`, as JSON at
/// `/pages.json`, and to whoever listens.
final class StandIn: Sendable {
    /// Something that somebody would have been told.
    struct Page: Sendable {
        enum Channel: String, Sendable { case pagerDuty = "PagerDuty", slack = "Slack" }

        let channel: Channel
        let isResolved: Bool
        let alert: String
        let severity: String
        let service: String
        let summary: String
        let wallNs: Int64
    }

    /// Older ones are forgotten.
    private static let pagesMax = 1_000
    private static let bodyBytesMax = 1 << 20

    let address: SocketAddress
    private let server: Server
    private let board: PageBoard

    /// - Parameter onPage: called for each, on the server's thread.
    init(port: UInt16, onPage: @escaping @Sendable (Page) -> Void) throws {
        let board = PageBoard(pagesMax: Self.pagesMax, onPage)
        self.board = board
        var router = Router()
        router.post("/v2/enqueue", role: nil, bodyBytesMax: Self.bodyBytesMax) { request, response in
            Self.take(request, &response, board, Page.init(pagerDuty:wallNs:))
        }
        router.post("/slack", role: nil, bodyBytesMax: Self.bodyBytesMax) { request, response in
            Self.take(request, &response, board, Page.init(slack:wallNs:))
        }
        router.post("/dead-mans-switch", role: nil, bodyBytesMax: Self.bodyBytesMax) { _, response in
            response.send("heard\n")
        }
        router.get("/pages.json", role: nil) { _, response in
            response.send(board.json, contentType: ContentType.json)
        }
        router.get("/", role: nil) { _, response in response.send(board.html, contentType: ContentType.html) }
        var options = ServerOptions()
        options.workers = 1
        server = try Server(options, router: router, registry: Registry())
        address = try Collector.start(server, on: [.loopback(port: port)], nil)[0]
    }

    var pages: [Page] { board.pages }

    func stop() { server.stop(drainingAtMostNs: 1_000_000_000) }

    private static func take(
        _ request: borrowing Request, _ response: inout Response, _ board: PageBoard,
        _ read: (JSONValue, Int64) -> Page?
    ) {
        do throws(JSONError) {
            if let page = read(try JSONValue.parse(request.body), SystemTime().wallNs) { board.add(page) }
            // Slack's webhooks say just this, and PagerDuty's clients look at the status.
            response.send("ok")
        } catch {
            response.refuse(RequestRefusal(.badRequest, "this is no JSON: \(error)"))
        }
    }
}

extension StandIn.Page {
    /// An event of PagerDuty's Events API v2.
    init?(pagerDuty event: JSONValue, wallNs: Int64) {
        guard let payload = event["payload"], let action = event["event_action"]?.text else { return nil }
        self.init(
            channel: .pagerDuty, isResolved: action == "resolve", alert: payload["class"]?.text ?? "",
            severity: payload["severity"]?.text ?? "", service: payload["component"]?.text ?? "",
            summary: payload["summary"]?.text ?? "", wallNs: wallNs)
    }

    /// A message of a webhook of Slack, titled `[FIRING] Name (severity)`.
    init?(slack message: JSONValue, wallNs: Int64) {
        guard let attachment = message["attachments"]?.elements?.first, let title = attachment["title"]?.text else {
            return nil
        }
        let words = title.split(separator: " ")
        self.init(
            channel: .slack, isResolved: title.hasPrefix("[RESOLVED"),
            alert: words.dropFirst().first.map(String.init) ?? "",
            severity: words.last.map { String($0.filter { $0 != "(" && $0 != ")" }) } ?? "", service: "",
            summary: attachment["text"]?.text ?? "", wallNs: wallNs)
    }

    /// One line for the terminal.
    var line: String {
        let state = isResolved ? "resolved" : "page"
        return
            "\(CivilTime(ms: wallNs / 1_000_000).clock) \(state) to \(channel.rawValue): \(alert) (\(severity)) \(summary)"
    }
}

/// The pages that have come, newest last.
private final class PageBoard: Sendable {
    private let pagesMax: Int
    private let onPage: @Sendable (StandIn.Page) -> Void
    private let kept = Lock<[StandIn.Page]>([])

    init(pagesMax: Int, _ onPage: @escaping @Sendable (StandIn.Page) -> Void) {
        self.pagesMax = pagesMax
        self.onPage = onPage
    }

    var pages: [StandIn.Page] { kept.withLock { $0 } }

    func add(_ page: StandIn.Page) {
        kept.withLock { kept in
            if kept.count >= pagesMax { kept.removeFirst() }
            kept.append(page)
        }
        onPage(page)
    }

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        for page in pages {
            writer.beginObject()
            writer.member("time", CivilTime(ms: page.wallNs / 1_000_000).rfc3339)
            writer.member("receiver", page.channel.rawValue)
            writer.member("status", page.isResolved ? "resolved" : "firing")
            writer.member("alert", page.alert)
            writer.member("severity", page.severity)
            writer.member("service", page.service)
            writer.member("summary", page.summary)
            writer.endObject()
        }
        writer.endArray()
        return writer.bytes
    }

    var html: String {
        let rows = pages.reversed().map { page in
            let cells = [
                CivilTime(ms: page.wallNs / 1_000_000).rfc3339, page.channel.rawValue,
                page.isResolved ? "resolved" : "firing", page.alert, page.severity, page.summary,
            ]
            let style = page.isResolved ? "resolved" : page.severity
            return "<tr class=\"\(Self.escaped(style))\">" + cells.map { "<td>\(Self.escaped($0))</td>" }.joined()
                + "</tr>"
        }
        return """
            <!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="2">
            <title>Who would have been told</title>
            <style>body{font:14px system-ui;margin:2rem;color-scheme:light dark}table{border-collapse:collapse}
            td,th{padding:.4rem .8rem;text-align:left;border-bottom:1px solid #8884}
            .critical{background:#d003}.warning{background:#e903}.resolved{opacity:.6}</style>
            <h1>Who would have been told</h1><p>PagerDuty and Slack stand-in; newest first, \(rows.count) so far.</p>
            <table><tr><th>Time<th>To<th>State<th>Alert<th>Severity<th>Summary</tr>\(rows.joined())</table></html>
            """
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "<": escaped += "&lt;"
            case "&": escaped += "&amp;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
