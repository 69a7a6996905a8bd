import Alerting
import Encoding
import HTTP
import Model
import Posix
import Telemetry
import Text

/// Stands for PagerDuty and Slack on this machine, and shows what they were told: as a page at `/`, as JSON at `/pages`,
/// and to whoever listens.
final class StandIn: Sendable {
    /// Older ones are forgotten.
    private static let pagesMax = 1_000

    let address: SocketAddress
    private let server: Server
    private let pagers: StandInPagers

    /// - Parameter onPage: called for each message to people, on the server's thread.
    init(port: UInt16, onPage: @escaping @Sendable (StandInPage) -> Void) throws {
        var options = StandInPagers.Options()
        options.pagesMax = Self.pagesMax
        options.onPage = { page in if page.isForPeople { onPage(page) } }
        let pagers = StandInPagers(options)
        self.pagers = pagers
        var router = Router()
        pagers.add(to: &router)
        router.get("/", role: nil) { _, response in
            response.send(Self.html(pagers.pages.filter(\.isForPeople)), contentType: ContentType.html)
        }
        var serverOptions = ServerOptions()
        serverOptions.workers = 1
        server = try Server(serverOptions, router: router, registry: Registry())
        address = try Collector.start(server, on: [.loopback(port: port)], nil)[0]
    }

    /// Messages to people, oldest first.
    var pages: [StandInPage] { pagers.pages.filter(\.isForPeople) }

    func stop() { server.stop(drainingAtMostNs: 1_000_000_000) }

    private static func html(_ pages: [StandInPage]) -> String {
        let rows = pages.reversed().map { page in
            let state = page.isResolved ? "resolved" : "firing"
            let cells = [
                CivilTime(ms: page.atMs).rfc3339, page.receiver, state, page.alert, page.severity, page.summary,
            ]
            return "<tr class=\"\(TextEscapes.html(page.isResolved ? state : page.severity))\">"
                + cells.map { "<td>\(TextEscapes.html($0))</td>" }.joined() + "</tr>"
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
}

/// A message as the shipped routing writes it: events of PagerDuty with the alert as their class, messages of Slack titled
/// `[FIRING] Name (severity)`.
extension StandInPage {
    var isForPeople: Bool { service != .webhook }

    var receiver: String { service == .slack ? "Slack" : "PagerDuty" }

    var isResolved: Bool { action == "resolve" || title.hasPrefix("[RESOLVED") }

    var alert: String {
        payload("class") ?? title.split(separator: " ").dropFirst().first.map(String.init) ?? ""
    }

    var severity: String {
        payload("severity") ?? title.split(separator: " ").last.map { String($0.filter { !"()".contains($0) }) } ?? ""
    }

    /// The part of the system that it is about.
    var component: String { payload("component") ?? "" }

    var summary: String {
        payload("summary") ?? body["attachments"]?.elements?.first?["text"]?.text ?? ""
    }

    /// One line for the terminal.
    var line: String {
        let time = CivilTime(ms: atMs).clock
        return "\(time) \(isResolved ? "resolved" : "page") to \(receiver): \(alert) (\(severity)) \(summary)"
    }

    private func payload(_ name: String) -> String? { body["payload"]?[name]?.text }
}
