import Encoding
import HTTP

extension ReceiverKind {
    /// Any server that takes Alertmanager's JSON.
    static let webhook = ReceiverKind(
        name: "webhook", sendsResolved: true, secrets: ["url", "hmac_secret"], numbers: ["max_alerts"],
        durations: ["timeout"],
        check: both(
            { section, settings, _ in
                guard let node = section.value("payload") else { return }
                settings.texts[payload] = node.text ?? JSONText.text(of: node)
            },
            require("url", because: "one of url or url_file must be configured"),
            { section, settings, _ in
                guard case .text(let url)? = settings.secrets["url"] else { return }
                if !url.text.hasPrefix("http://"), !url.text.hasPrefix("https://"), !url.text.contains("{{") {
                    section.refuse(at: "url", "unsupported scheme for URL", "write an address with http or https")
                }
            }),
        deliver: post)

    /// What is sent in place of Alertmanager's JSON: a template, or a tree whose texts are templates.
    private static let payload = "payload"

    /// In the field of an answer's signature: `sha256=` and HMAC-SHA256 of the body under `hmac_secret`.
    private static let signatureField = "X-Obs-Signature"

    private static func post(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        let url = try delivery.render(try delivery.secret("url"))
        if url.isEmpty {
            throw DeliveryFailure("webhook URL is empty after templating", isPassing: false, reason: "template")
        }
        var request = delivery.request(url, json: try body(delivery))
        let key = try delivery.secret("hmac_secret")
        if !key.isEmpty {
            request.fields.append((signatureField, "sha256=" + SHA256Text.hexadecimal(request.body, key: key)))
        }
        try delivery.send(request)
        return [:]
    }

    private static func body(_ delivery: Delivery) throws(DeliveryFailure) -> [UInt8] {
        guard let template = delivery.settings.texts[payload] else {
            return WebhookMessage.json(of: delivery, version: "4")
        }
        let tree: JSONValue
        do throws(JSONError) {
            tree = try JSONValue.parse(Array(template.utf8).span)
        } catch {
            // One template, which makes all of it.
            return Array(try delivery.render(template).utf8)
        }
        var writer = JSONWriter()
        writer.value(try rendered(tree, delivery))
        return writer.bytes
    }

    private static func rendered(_ tree: JSONValue, _ delivery: Delivery) throws(DeliveryFailure) -> JSONValue {
        switch tree {
        case .string(let template): return try delivery.value(template)
        case .array(let elements):
            var rendered: [JSONValue] = []
            for element in elements { rendered.append(try self.rendered(element, delivery)) }
            return .array(rendered)
        case .object(let members):
            var rendered: [JSONMember] = []
            for member in members {
                rendered.append(
                    JSONMember(
                        name: try delivery.render(member.name), value: try self.rendered(member.value, delivery)))
            }
            return .object(rendered)
        default: return tree
        }
    }
}
