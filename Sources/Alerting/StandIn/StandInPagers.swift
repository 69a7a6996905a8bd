import Encoding
package import HTTP
package import Posix

/// Stands in for Slack, PagerDuty and any webhook on this machine: takes what they take, refuses what they refuse, in
/// their words, and keeps what came. For trying obs out, and for tests.
///
/// | path | is |
/// | --- | --- |
/// | `/services/*` | an incoming webhook of Slack |
/// | `/api/chat.postMessage`, `/api/chat.update` | Slack's API, with the token of an app |
/// | `/v2/enqueue` | PagerDuty's events, version 2 |
/// | `/generic/2010-04-15/create_event.json` | the same, version 1 |
/// | `/webhook/*` | anything that takes Alertmanager's JSON |
/// | `GET /pages` | what came, oldest first |
package final class StandInPagers: Sendable {
    package struct Options: Sendable {
        /// The token that Slack's API takes; nil takes any.
        package var slackToken: String?
        /// The key that PagerDuty takes; nil takes any of the right length.
        package var routingKey: String?
        /// Pages that are kept; the oldest go first.
        package var pagesMax = 10_000
        /// What goes wrong with a request, by its number from one on.
        package var trouble: @Sendable (Int) -> StandInTrouble? = { _ in nil }
        /// Is told of each page, on a thread of the server: it must not wait.
        package var onPage: @Sendable (StandInPage) -> Void = { _ in }

        package init() {}
    }

    struct State {
        var requests = 0
        var pages: [StandInPage] = []
        var count = 0
        var faults: [String] = []
        /// Nobody answers these, by their numbers; each goes with its client.
        var unanswered: [Int: PendingResponse] = [:]
    }

    let options: Options
    let state = Monitor(State())
    private let time: any TimeSource

    package init(_ options: Options = Options(), time: any TimeSource = SystemTime()) {
        self.options = options
        self.time = time
    }

    /// What came and was taken, oldest first.
    package var pages: [StandInPage] { state.withLock { $0.pages } }

    /// What was wrong with messages that were refused for their fields.
    package var faults: [String] { state.withLock { $0.faults } }

    /// Waits until the pages are as wanted.
    ///
    /// - Returns: false when the time is over before.
    package func wait(atMostNs limitNs: Int64, until holds: @Sendable ([StandInPage]) -> Bool) -> Bool {
        state.wait(atMostNs: limitNs) { holds($0.pages) ? true : nil } ?? false
    }

    package func add(to routes: inout Router) {
        routes.post("/services/*path", role: nil) { [self] request, response in
            serve(request, &response) { takeWebhookOfSlack($0, $1) }
        }
        for (method, updates) in [("chat.postMessage", false), ("chat.update", true)] {
            routes.post("/api/\(method)", role: nil) { [self] request, response in
                let authorization = request.headerText("authorization") ?? ""
                serve(request, &response) { _, body in
                    takeCallOfSlack(body, authorization: authorization, updates: updates)
                }
            }
        }
        routes.post("/v2/enqueue", role: nil) { [self] request, response in
            serve(request, &response) { _, body in takeEvent(body) }
        }
        routes.post("/generic/2010-04-15/create_event.json", role: nil) { [self] request, response in
            serve(request, &response) { _, body in takeEventOfVersion1(body) }
        }
        routes.post("/webhook/*path", role: nil) { [self] request, response in
            serve(request, &response) { takeWebhook($0, $1) }
        }
        routes.get("/pages", role: nil) { [self] _, response in
            var writer = JSONWriter()
            writer.beginArray()
            for page in pages { page.write(to: &writer) }
            writer.endArray()
            response.send(writer.bytes, contentType: ContentType.json)
        }
    }

    struct Answer {
        var status = Status.ok
        var text: String
        var contentType = ContentType.json
    }

    /// Lets go wrong what is to go wrong, and otherwise takes the message.
    private func serve(
        _ request: borrowing Request, _ response: inout Response, _ take: (_ path: String, [UInt8]) -> Answer
    ) {
        var body: [UInt8] = []
        body.append(request.body)
        let number = state.withLock { state in
            state.requests += 1
            return state.requests
        }
        switch options.trouble(number) {
        case .rateLimited(let seconds):
            response.fields.append("Retry-After", "\(seconds)")
            response.status = .tooManyRequests
            return response.send("{\"ok\":false,\"error\":\"ratelimited\"}", contentType: ContentType.json)
        case .failing:
            response.status = .internalServerError
            return response.send("out of order\n")
        case .silent: return hold(response.later(), number)
        case .slow(let ms): _ = Monitor(0).wait(atMostNs: Int64(ms) * 1_000_000) { _ in nil as Int? }
        case nil: break
        }
        let answer = take(request.pathText, body)
        response.status = answer.status
        response.send(answer.text, contentType: answer.contentType)
    }

    private func hold(_ pending: PendingResponse, _ number: Int) {
        state.withLock { $0.unanswered[number] = pending }
        pending.onClientGone { [state] in
            // It ends outside of the lock.
            _ = state.withLock { $0.unanswered.removeValue(forKey: number) }
        }
    }

    /// Keeps a page.
    func take(
        _ service: StandInPage.Service, _ action: String, title: String, key: String, channel: String,
        _ body: JSONValue
    ) {
        let page = state.withLock { state in
            state.count += 1
            let page = StandInPage(
                number: state.count, atMs: time.wallMs, service: service, action: action, title: title, key: key,
                channel: channel, body: body)
            state.pages.append(page)
            if state.pages.count > options.pagesMax { state.pages.removeFirst(options.pagesMax / 10 + 1) }
            return page
        }
        state.wakeAll()
        options.onPage(page)
    }

    func note(_ faults: [String]) {
        state.withLock { state in
            state.faults += faults.prefix(max(0, options.pagesMax - state.faults.count))
        }
    }

    /// Nil where it is no JSON.
    static func parse(_ body: [UInt8]) -> JSONValue? {
        do throws(JSONError) {
            return try JSONValue.parse(body.span)
        } catch {
            return nil
        }
    }
}
