import Encoding
import HTTP

/// An issue for each group: found by a label that names the group, made where there is none, reopened and resolved.
enum JiraIssue {
    private static let summaryMax = 255
    private static let descriptionMax = 32_767

    private struct Found {
        let key: String
        let isDone: Bool
    }

    static func deliver(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        let isFiring = delivery.notification.isFiring
        guard let found = try search(delivery) else {
            if isFiring { try call(delivery, .post, "issue", try fields(delivery, updating: false)) }
            return [:]
        }
        try call(delivery, .put, "issue/" + found.key, try fields(delivery, updating: true))
        if isFiring == found.isDone {
            try move(found.key, by: try delivery.text(isFiring ? "reopen_transition" : "resolve_transition"), delivery)
        }
        return [:]
    }

    private static func label(_ delivery: Delivery) -> String { "ALERT{\(delivery.groupHash)}" }

    private static func base(_ delivery: Delivery) -> String {
        let url = delivery.settings.text("api_url")
        return url.hasSuffix("/") ? url : url + "/"
    }

    @discardableResult
    private static func call(
        _ delivery: Delivery, _ method: Method, _ path: String, _ body: [UInt8] = []
    ) throws(DeliveryFailure) -> JSONValue {
        let url = path.hasPrefix("http") ? path : base(delivery) + path
        var request = delivery.request(method, url, json: body)
        request.fields.append(("Accept-Language", "en"))
        return AnswerJSON.value(try delivery.send(request))
    }

    private static func search(_ delivery: Delivery) throws(DeliveryFailure) -> Found? {
        let settings = delivery.settings
        var query = ""
        let wontFix = settings.text("wont_fix_resolution")
        if !wontFix.isEmpty { query += "(resolution is EMPTY or resolution != \(Quoted.text(wontFix))) and " }
        let minutes = (settings.numbers["reopen_duration"] ?? 0) / 60_000
        let mayReopen = delivery.notification.isFiring && !settings.text("reopen_transition").isEmpty && minutes > 0
        query +=
            mayReopen
            ? "(resolutiondate is EMPTY OR resolutiondate >= -\(minutes)m) and " : "statusCategory != Done and "
        query += "project=\(Quoted.text(try delivery.text("project"))) and labels=\(Quoted.text(label(delivery))) "
        query += "order by status ASC,resolutiondate DESC"
        var body = JSONWriter()
        body.beginObject()
        body.name("fields")
        body.beginArray()
        body.string("status")
        body.endArray()
        body.member("jql", query)
        body.name("maxResults")
        body.number(2)
        body.endObject()
        let issues = try call(delivery, .post, searchPath(delivery), body.bytes)["issues"]?.elements ?? []
        guard let issue = issues.first, let key = issue["key"]?.text else { return nil }
        let category = issue["fields"]?["status"]?["statusCategory"]?["key"]?.text
        return Found(key: key, isDone: category == "done")
    }

    /// Jira Cloud has a search of its own; Data Center has the older one.
    private static func searchPath(_ delivery: Delivery) -> String {
        let type = delivery.settings.text("api_type")
        let url = base(delivery)
        let host = url.split(separator: "/").dropFirst().first ?? ""
        guard type == "cloud" || (type == "auto" && host.hasSuffix("atlassian.net")) else { return "search" }
        let version2 = "/rest/api/2/"
        return (url.hasSuffix(version2) ? url.dropLast(version2.count) + "/rest/api/3/" : url) + "search/jql"
    }

    private static func fields(_ delivery: Delivery, updating: Bool) throws(DeliveryFailure) -> [UInt8] {
        let settings = delivery.settings
        var body = JSONWriter()
        body.beginObject()
        body.name("fields")
        body.beginObject()
        body.name("project")
        body.beginObject()
        body.member("key", try delivery.text("project"))
        body.endObject()
        body.name("issuetype")
        body.beginObject()
        body.member("name", try delivery.text("issue_type"))
        body.endObject()
        if !updating || settings.flags["summary"] != false {
            body.member("summary", try delivery.text("summary", max: summaryMax))
        }
        if !updating || settings.flags["description"] != false {
            let text = try delivery.text("description", max: descriptionMax)
            if !text.isEmpty {
                body.name("description")
                // Version 3 of the API takes a document, which the template has to write.
                if base(delivery).hasSuffix("/3/") {
                    body.value(try delivery.value(text))
                } else {
                    body.string(text)
                }
            }
        }
        var labels = [label(delivery)]
        for template in settings.lists["labels"] ?? [] { labels.append(try delivery.render(template)) }
        body.name("labels")
        body.beginArray()
        for label in labels.sorted() { body.string(label) }
        body.endArray()
        let priority = try delivery.text("priority")
        if !priority.isEmpty {
            body.name("priority")
            body.beginObject()
            body.member("name", priority)
            body.endObject()
        }
        let own = (settings.tables["fields"] ?? [:]).merging(settings.tables["custom_fields"] ?? [:]) { a, _ in a }
        for (name, template) in own.sorted(by: { $0.key < $1.key }) {
            body.name(name)
            body.value(try delivery.value(template))
        }
        body.endObject()
        body.endObject()
        return body.bytes
    }

    private static func move(_ key: String, by name: String, _ delivery: Delivery) throws(DeliveryFailure) {
        if name.isEmpty { return }
        let path = "issue/\(key)/transitions"
        let all = try call(delivery, .get, path)["transitions"]?.elements ?? []
        guard let id = all.first(where: { $0["name"]?.text == name })?["id"]?.text else {
            throw DeliveryFailure("can't find transition \(name) for issue \(key)", isPassing: false)
        }
        var body = JSONWriter()
        body.beginObject()
        body.name("transition")
        body.beginObject()
        body.member("id", id)
        body.endObject()
        body.endObject()
        try call(delivery, .post, path, body.bytes)
    }
}
