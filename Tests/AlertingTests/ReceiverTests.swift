import Crypto
import Encoding
import HTTP
import Model
import Posix
import Telemetry
import TestSupport
import Testing

@testable import Alerting

/// What each kind of receiver is sent, by what its other side documents.
@Suite struct ReceiverTests {
    private static let notification: Notification = {
        let alert = Alert(
            labels: Labels([("alertname", "Down"), ("i", "a"), ("severity", "critical")]),
            annotations: ["summary": "a <b>"],
            startsAtMs: 1_767_225_600_123, endsAtMs: 1_767_225_900_000, generatorURL: "http://obs/g", updatedAtMs: 0)
        return Notification(
            groupKey: "{}:{alertname=\"Down\"}", groupLabels: [("alertname", "Down")], receiver: "team",
            alerts: [.init(alert, isResolved: false)], reason: .first, externalURL: "http://obs",
            nowMs: 1_767_225_601_000)
    }()
    private static let subject = "[FIRING:1] Down (a critical)"
    private static let link = "http://obs/#/alerts?receiver=team"
    private static let list =
        "Labels:\n - alertname = Down\n - i = a\n - severity = critical\nAnnotations:\n - summary = a <b>\nSource: http://obs/g\n"

    /// Sends through a receiver that is configured as in a file. `URL` stands for the stand-in.
    private static func send(
        _ kind: String, _ yaml: String, resolved: Bool = false, global: String = "", memo: [String: String] = [:],
        answers: [StandInReceiver.Answer] = [],
        by deliver: ((Delivery, StandInReceiver) throws -> [String: String])? = nil
    ) throws -> (got: [StandInReceiver.Got], memo: [String: String]) {
        let standIn = try StandInReceiver()
        standIn.answers.withLock { $0 = answers }
        let text = """
            global: {\(global)}
            route: {receiver: team}
            receivers: [{name: team, \(kind)_configs: [{\(yaml)}]}]
            """.split(separator: "URL", omittingEmptySubsequences: false).joined(separator: standIn.url)
        let report = ConfigurationReport()
        let configuration = AlertmanagerConfiguration.read(Array(text.utf8).span, file: "a.yml", report)
        #expect(report.errors.isEmpty, "\(report.errors)")
        let settings = try #require(configuration.receivers.first?.settings.first)
        var notification = Self.notification
        notification.memo = memo
        if resolved { notification.alerts[0].isResolved = true }
        let client = HTTPClient("test", registry: Registry())
        defer { client.stop() }
        let delivery = try Delivery(
            notification, settings, NotificationTemplates(), client, limitNs: 10_000_000_000, time: SystemTime())
        let kind = try #require(ReceiverKind.all.first { $0.name == kind })
        let noted = try deliver?(delivery, standIn) ?? kind.deliver(delivery)
        return (standIn.all, noted)
    }

    @Test func slackGetsAllFields() throws {
        let (got, _) = try Self.send(
            "slack",
            """
            api_url: 'URL/hook', channel: '#{{ .GroupLabels.alertname }}', short_fields: true, link_names: true,
            fields: [{title: T, value: '{{ .Status }}'}, {title: U, value: v, short: false}],
            actions: [{type: button, text: Go, url: 'http://x', name: dropped},
              {type: button, text: Ack, name: ack, value: '1', confirm: {text: sure?, ok_text: 'yes'}}]
            """)
        let body = got[0].json
        #expect(got[0].path == "/hook" && body["channel"]?.text == "#Down" && body["link_names"]?.bool == true)
        #expect(body["username"]?.text == "Alertmanager" && body["text"] == nil)
        let attachment = try #require(body["attachments"]?.elements?.first)
        #expect(attachment["title"]?.text == Self.subject && attachment["title_link"]?.text == Self.link)
        #expect(attachment["fallback"]?.text == "\(Self.subject) | \(Self.link)")
        #expect(
            attachment["color"]?.text == "danger" && attachment["text"]?.text == "" && attachment["footer"]?.text == "")
        let fields = try #require(attachment["fields"]?.elements)
        #expect(fields.map { $0["short"]?.bool } == [true, false] && fields[0]["value"]?.text == "firing")
        let actions = try #require(attachment["actions"]?.elements)
        #expect(actions[0]["url"]?.text == "http://x" && actions[0]["name"] == nil)
        #expect(actions[1]["confirm"]?["ok_text"]?.text == "yes" && actions[1]["value"]?.text == "1")
        #expect(attachment["mrkdwn_in"]?.elements?.compactMap(\.text) == ["fallback", "pretext", "text"])
    }

    @Test func slackChangesTheMessageOfTheSameIncident() throws {
        let settings = "app_token: t0k, app_url: 'URL/api/chat.postMessage', channel: '#a', update_message: true"
        let posted = StandInReceiver.Answer(body: #"{"ok":true,"channel":"C1","ts":"17.5"}"#)
        let first = try Self.send("slack", settings, answers: [posted])
        #expect(first.got[0].path == "/api/chat.postMessage" && first.got[0].fields["authorization"] == "Bearer t0k")
        let second = try Self.send("slack", settings, memo: first.memo)
        #expect(second.got[0].path == "/api/chat.update")
        #expect(second.got[0].json["ts"]?.text == "17.5" && second.got[0].json["channel"]?.text == "C1")
        #expect(throws: DeliveryFailure.self) {
            try Self.send("slack", settings, answers: [.init(body: #"{"ok":false,"error":"invalid_auth"}"#)])
        }
    }

    @Test func slackIsAnsweredInTheThreadOfTheIncident() throws {
        let settings = "app_token: t0k, app_url: 'URL/api/chat.postMessage', channel: '#a', reply_in_thread: true"
        let posted = StandInReceiver.Answer(body: #"{"ok":true,"channel":"C1","ts":"17.5"}"#)
        let first = try Self.send("slack", settings, answers: [posted])
        #expect(first.got[0].json["thread_ts"] == nil && first.memo == ["slack_ts": "17.5", "slack_channel": "C1"])
        let reply = StandInReceiver.Answer(body: #"{"ok":true,"channel":"C1","ts":"18.5"}"#)
        let second = try Self.send("slack", settings, memo: first.memo, answers: [reply])
        #expect(second.got[0].path == "/api/chat.postMessage" && second.got[0].json["thread_ts"]?.text == "17.5")
        #expect(second.got[0].json["channel"]?.text == "C1" && second.memo == [:])
    }

    @Test func pagerDutyGetsAnEventOfVersion2() throws {
        let settings = """
            routing_key: k, url: 'URL/v2/enqueue', class: c, component: '{{ .GroupLabels.alertname }}', group: g,
            details: {extra: '{{ .Status }}'}, images: [{src: 'http://i', alt: x}, {src: ''}], links: [{href: 'http://l', text: l}]
            """
        let body = try Self.send("pagerduty", settings).got[0].json
        let key = SHA256Text.hexadecimal("{}:{alertname=\"Down\"}")
        #expect(body["routing_key"]?.text == "k" && body["event_action"]?.text == "trigger")
        #expect(body["dedup_key"]?.text == key && key.count == 64)
        let payload = try #require(body["payload"])
        #expect(payload["summary"]?.text == Self.subject && payload["source"]?.text == "Alertmanager")
        #expect(payload["severity"]?.text == "error" && payload["component"]?.text == "Down")
        let details = try #require(payload["custom_details"])
        #expect(details["num_firing"]?.int == 1 && details["extra"]?.text == "firing")
        #expect(details["firing"]?.elements?[0]["labels"]?["i"]?.text == "a")
        #expect(details["firing"]?.elements?[0]["startsAt"]?.text == "2026-01-01T00:00:00.123Z")
        #expect(body["images"]?.elements?.count == 1 && body["links"]?.elements?[0]["href"]?.text == "http://l")
        #expect(body["client"]?.text == "Alertmanager" && body["client_url"]?.text == Self.link)
        #expect(try Self.send("pagerduty", settings, resolved: true).got[0].json["event_action"]?.text == "resolve")
        let first = try Self.send("pagerduty", "service_key: s, url: 'URL/v1'").got[0].json
        #expect(
            first["service_key"]?.text == "s" && first["event_type"]?.text == "trigger"
                && first["incident_key"]?.text == key)
    }

    @Test func aWebhookIsSignedAndCut() throws {
        let got = try Self.send("webhook", "url: 'URL/{{ .Status }}', hmac_secret: s3, max_alerts: 1").got[0]
        #expect(got.path == "/firing")
        let signature = HashAlgorithm.sha256.authenticate(got.body.span, key: Array("s3".utf8).span)
        #expect(got.fields["x-obs-signature"] == "sha256=" + Hexadecimal.string(signature.span))
        #expect(got.json["truncatedAlerts"]?.int == 0 && got.json["externalURL"]?.text == "http://obs")
    }

    @Test func aWebhookMayHaveAPayloadOfItsOwn() throws {
        let tree =
            "{text: '{{ .Status }}: {{ .CommonLabels.i }}', count: '{{ len .Alerts }}', list: [1, '{{ .Receiver }}']}"
        let body = try Self.send("webhook", "url: 'URL/p', payload: \(tree)").got[0].json
        #expect(body["text"]?.text == "firing: a" && body["count"]?.int == 1)
        #expect(body["list"]?.elements?[0].int == 1 && body["list"]?.elements?[1].text == "team")
        let text = try Self.send("webhook", "url: 'URL/p', payload: 'state={{ .Status }}'").got[0]
        #expect(text.text == "state=firing")
    }

    @Test func chatsGetTheirForms() throws {
        let discord = try Self.send("discord", "webhook_url: 'URL/d'").got[0].json
        let embed = try #require(discord["embeds"]?.elements?.first)
        #expect(embed["title"]?.text == Self.subject && embed["color"]?.int == 0x992d22)
        #expect(embed["description"]?.text == "\n\nAlerts Firing:\n\(Self.list)\n\n\n")
        let teams = try Self.send("msteams", "webhook_url: 'URL/t'", resolved: true).got[0].json
        #expect(teams["@context"]?.text == "http://schema.org/extensions" && teams["type"]?.text == "MessageCard")
        #expect(teams["title"]?.text == "[RESOLVED] Down (a critical)" && teams["themeColor"]?.text == "2DC72D")
        let card = try Self.send("msteamsv2", "webhook_url: 'URL/t'").got[0].json["attachments"]?.elements?[0]
        #expect(
            card?["contentType"]?.text == "application/vnd.microsoft.card.adaptive"
                && card?["contentUrl"]?.isNull == true)
        #expect(card?["content"]?["body"]?.elements?.map { $0["type"]?.text } == ["TextBlock", "TextBlock"])
        let webex = try Self.send(
            "webex", "room_id: r, api_url: 'URL/w', http_config: {authorization: {credentials: c}}"
        ).got[0]
        #expect(webex.json["roomId"]?.text == "r" && webex.fields["authorization"] == "Bearer c")
        #expect(webex.json["markdown"]?.text == "a <b>\n\nAlerts Firing:\n\(Self.list)\n\n\n")
        let rocket = try Self.send(
            "rocketchat", "token: t, token_id: i, api_url: 'URL', channel: c, fields: [{title: a, value: b}]"
        ).got[0]
        #expect(
            rocket.path == "/api/v1/chat.postMessage" && rocket.fields["x-auth-token"] == "t"
                && rocket.fields["x-user-id"] == "i")
        #expect(rocket.json["attachments"]?.elements?[0]["color"]?.text == "red")
        let mattermost = try Self.send("mattermost", "webhook_url: 'URL/m', channel: town").got[0].json
        #expect(
            mattermost["channel"]?.text == "town" && mattermost["attachments"]?.elements?[0]["color"]?.text == "danger")
    }

    @Test func telegramGetsItsTextAndPushoverItsForm() throws {
        let telegram = try Self.send(
            "telegram", "bot_token: 'b:t', chat_id: -5, api_url: 'URL', disable_notifications: true"
        ).got[0]
        #expect(telegram.path == "/botb:t/sendMessage" && telegram.json["chat_id"]?.text == "-5")
        #expect(telegram.json["parse_mode"]?.text == "HTML" && telegram.json["disable_notification"]?.bool == true)
        #expect(telegram.json["text"]?.text?.contains("summary = a &lt;b&gt;") == true)
        let pushover = try Self.send("pushover", "user_key: u, token: t, api_url: 'URL/p', retry: 2m").got[0].text
        for part in ["token=t", "user=u", "priority=2", "retry=120", "expire=3600", "title=%5BFIRING%3A1%5D+Down"] {
            #expect(pushover.contains(part), "\(part) is not in \(pushover)")
        }
    }

    @Test func incidentsAreOpenedAndClosed() throws {
        let opsGenie =
            "api_key: k, api_url: 'URL/', responders: [{name: 'a,b', type: teams}], tags: 'x,y', update_alerts: true"
        let opened = try Self.send("opsgenie", opsGenie).got
        #expect(opened.map(\.method) == ["POST", "PUT", "PUT"] && opened[0].path == "/v2/alerts")
        #expect(opened[0].fields["authorization"] == "GenieKey k")
        #expect(opened[0].json["responders"]?.elements?.map { $0["name"]?.text } == ["a", "b"])
        #expect(opened[0].json["details"]?["i"]?.text == "a" && opened[0].json["tags"]?.elements?.count == 2)
        #expect(
            opened[0].json["description"]?.text == "a <b>\nAlerts Firing:\n\(Self.list)\n")
        let closed = try Self.send("opsgenie", opsGenie, resolved: true).got
        #expect(closed.count == 1 && closed[0].path.hasSuffix("/close") && closed[0].query == "identifierType=alias")
        let victor = try Self.send(
            "victorops", "api_key: k, api_url: 'URL/i/', routing_key: r, custom_fields: {x: '{{ .Status }}'}"
        ).got[0]
        #expect(
            victor.path == "/i/k/r" && victor.json["message_type"]?.text == "CRITICAL"
                && victor.json["x"]?.text == "firing")
        let recovery = try Self.send("victorops", "api_key: k, api_url: 'URL/i/', routing_key: r", resolved: true).got[
            0]
        #expect(recovery.json["message_type"]?.text == "RECOVERY")
        let incident = try Self.send("incidentio", "url: 'URL/i', alert_source_token: t").got[0]
        #expect(incident.json["version"]?.text == "1" && incident.fields["authorization"] == "Bearer t")
    }

    @Test func weChatAsksForItsTokenFirst() throws {
        let got = try Self.send(
            "wechat", "api_secret: s, corp_id: c, api_url: 'URL/', agent_id: '7', to_user: u",
            answers: [.init(body: #"{"access_token":"tok"}"#), .init(body: #"{"errcode":0}"#)]
        ).got
        #expect(got[0].path == "/gettoken" && got[0].query == "corpsecret=s&corpid=c")
        #expect(got[1].path == "/message/send" && got[1].query == "access_token=tok")
        #expect(got[1].json["agentid"]?.text == "7" && got[1].json["msgtype"]?.text == "text")
        #expect(got[1].json["text"]?["content"]?.text?.hasSuffix("AlertmanagerUrl:\n\(Self.link)") == true)
    }

    @Test func jiraFindsItsIssue() throws {
        let settings =
            "project: OPS, issue_type: Bug, api_url: 'URL/rest/api/2/', resolve_transition: Done, labels: [l]"
        let made = try Self.send("jira", settings, answers: [.init(body: #"{"issues":[]}"#)]).got
        #expect(made.map(\.path) == ["/rest/api/2/search", "/rest/api/2/issue"])
        let fields = try #require(made[1].json["fields"])
        #expect(fields["project"]?["key"]?.text == "OPS" && fields["priority"]?["name"]?.text == "High")
        #expect(fields["labels"]?.elements?.count == 2 && fields["summary"]?.text == Self.subject)
        let found = #"{"issues":[{"key":"OPS-1","fields":{"status":{"statusCategory":{"key":"new"}}}}]}"#
        let moves = #"{"transitions":[{"id":"31","name":"Done"}]}"#
        let ended = try Self.send(
            "jira", settings, resolved: true, answers: [.init(body: found), .init(), .init(body: moves), .init()]
        ).got
        #expect(
            ended.map(\.method) == ["POST", "PUT", "GET", "POST"] && ended[3].json["transition"]?["id"]?.text == "31")
    }

    @Test func snsGetsASignedForm() throws {
        let got = try Self.send(
            "sns",
            "api_url: 'URL', topic_arn: 'arn:x.fifo', attributes: {k: v}, sigv4: {region: eu-west-1, access_key: A, secret_key: S}"
        ).got[0]
        for part in ["Action=Publish", "TopicArn=arn%3Ax.fifo", "MessageGroupId=", "MessageAttributes.entry.1.Name=k"] {
            #expect(got.text.contains(part), "\(part) is not in \(got.text)")
        }
        #expect(got.fields["authorization"]?.contains("/eu-west-1/sns/aws4_request") == true)
    }

    /// The answer is in the form of STS' API of 2011-06-15.
    @Test func snsSignsWithTheKeysOfItsRole() throws {
        let answer = """
            <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
            <AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>token</SessionToken>
            <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>
            """
        let got = try Self.send(
            "sns",
            """
            api_url: 'URL/sns', topic_arn: t, sigv4: {region: eu-west-1, access_key: A, secret_key: S,
            role_arn: 'arn:aws:iam::1:role/pager', external_id: x1}
            """, answers: [.init(body: answer)]
        ) { delivery, standIn in
            let url = standIn.url
            for _ in 0..<2 {
                _ = try SNSPublication.deliver(delivery) { $0 == "AWS_ENDPOINT_URL_STS" ? url + "/sts" : nil }
            }
            return [:]
        }.got
        #expect(got.map(\.path) == ["/sts", "/sns", "/sns"], "the keys of a role are good for more than one message")
        for part in ["Action=AssumeRole", "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fpager", "ExternalId=x1"] {
            #expect(got[0].text.contains(part), "\(part) is not in \(got[0].text)")
        }
        #expect(got[0].fields["authorization"]?.contains("Credential=A/") == true)
        for message in got.dropFirst() {
            #expect(message.fields["authorization"]?.contains("Credential=ASIAROLE/") == true)
            #expect(message.fields["x-amz-security-token"] == "token")
        }
    }

    @Test func headersOfMailsAreOfASCII() {
        #expect(MailAddress.header("plain") == "plain" && MailAddress.header("a\nb") == "a b")
        #expect(MailAddress.header("Störung") == "=?utf-8?b?U3TDtnJ1bmc=?=")
        #expect(MailAddress.addresses("a@b, Anna <anna@c>") == ["a@b", "anna@c"])
    }
}
