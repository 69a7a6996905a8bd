import Encoding
import HTTP
import Model
import Posix
import Text

/// Why a receiver could not be told.
package struct DeliveryFailure: Error, Sendable, CustomStringConvertible {
    package let description: String
    /// It may go better in a while.
    package let isPassing: Bool
    /// How long the other side asks to be left alone.
    package var retryAfterNs: Int64?
    /// The label of the metric.
    package var reason = "other"

    package init(_ description: String, isPassing: Bool, retryAfterNs: Int64? = nil, reason: String = "other") {
        self.description = description
        self.isPassing = isPassing
        self.retryAfterNs = retryAfterNs
        self.reason = reason
    }
}

/// One attempt to tell a receiver: what it is told, and the ways to tell it. On a thread that may wait.
package struct Delivery: Sendable {
    package let notification: Notification
    package let settings: ReceiverSettings
    let writer: NotificationWriter
    let client: HTTPClient
    let limitNs: Int64
    let time: any TimeSource

    init(
        _ notification: Notification, _ settings: ReceiverSettings, _ templates: NotificationTemplates,
        _ client: HTTPClient, limitNs: Int64, time: any TimeSource
    ) throws(DeliveryFailure) {
        self.notification = notification
        self.settings = settings
        self.client = client
        self.time = time
        self.limitNs = min(limitNs, settings.numbers["timeout"].map { Int64($0) * 1_000_000 } ?? limitNs)
        do throws(TemplateError) {
            writer = try templates.writer(for: notification)
        } catch {
            throw Self.failure(error)
        }
    }

    private static func failure(_ error: TemplateError) -> DeliveryFailure {
        DeliveryFailure("\(error)", isPassing: false, reason: "template")
    }

    /// A template, carried out.
    func render(_ template: String) throws(DeliveryFailure) -> String {
        do throws(TemplateError) {
            return try writer.text(template)
        } catch {
            throw Self.failure(error)
        }
    }

    func renderHTML(_ template: String) throws(DeliveryFailure) -> String {
        do throws(TemplateError) {
            return try writer.html(template)
        } catch {
            throw Self.failure(error)
        }
    }

    /// The text of a setting, carried out; empty where it is not set.
    func text(_ key: String) throws(DeliveryFailure) -> String { try render(settings.text(key)) }

    /// Cut to so many characters, with an ellipsis at the end.
    func text(_ key: String, max: Int) throws(DeliveryFailure) -> String { Self.cut(try text(key), max: max) }

    static func cut(_ text: String, max: Int) -> String {
        let scalars = text.unicodeScalars
        guard scalars.count > max else { return text }
        return String(String.UnicodeScalarView(scalars.prefix(max - 1))) + "…"
    }

    /// A secret as it is now, without white space at its ends.
    func secret(_ key: String) throws(DeliveryFailure) -> String {
        guard let source = settings.secrets[key] else { return "" }
        do throws(ClientError) {
            return try SecretText.now(source)
        } catch {
            throw DeliveryFailure("\(error)", isPassing: true, reason: "secret")
        }
    }

    /// The group's name in a form that others take as an identifier.
    var groupHash: String { GroupHash.text(notification.groupKey) }

    /// A value of a setting that may be a tree: texts in it are carried out, and what comes out as JSON is taken as such.
    func value(_ template: String) throws(DeliveryFailure) -> JSONValue {
        let text = try render(template)
        do throws(JSONError) {
            return try JSONValue.parse(Array(text.utf8).span)
        } catch {
            return .string(text)
        }
    }

    func request(_ method: Method, _ url: String, json: [UInt8] = []) -> ClientRequest {
        var request = ClientRequest(method, url)
        request.fields = [("Content-Type", "application/json"), ("User-Agent", "obs-alerting")]
        request.body = json
        request.options = settings.client
        request.timeoutNs = limitNs
        return request
    }

    func request(_ url: String, json: [UInt8] = []) -> ClientRequest { request(.post, url, json: json) }

    /// - Parameter passing: statuses after which it may go better, beside 429 and those of the server.
    @discardableResult
    func send(_ request: ClientRequest, passing: Set<Int> = []) throws(DeliveryFailure) -> ClientResponse {
        let response: ClientResponse
        do throws(ClientError) {
            response = try client.answer(to: request)
        } catch {
            throw DeliveryFailure("\(error)", isPassing: error.reason != .setup, reason: "network")
        }
        let status = response.status.rawValue
        if status / 100 == 2 { return response }
        let body = String(decoding: response.body.prefix(300), as: UTF8.self).trimmingWhitespace
        throw DeliveryFailure(
            "unexpected status code \(status)\(body.isEmpty ? "" : ": \(body)")",
            isPassing: status / 100 == 5 || status == 429 || passing.contains(status),
            retryAfterNs: response.field("retry-after").flatMap(Int64.init).map {
                max(0, min($0, 3600)) * 1_000_000_000
            },
            reason: status == 429 ? "rate_limited" : status / 100 == 5 ? "server_error" : "client_error")
    }
}

/// A short name for a group that is the same everywhere.
package enum GroupHash {
    package static func text(_ key: String) -> String { SHA256Text.hexadecimal(key) }
}
