import Crypto
import Encoding
import HTTP
import Model
import Posix

/// A message published to Amazon's Simple Notification Service, signed with version 4 of AWS' signatures.
enum SNSPublication {
    private static let messageBytesMax = 256 * 1024
    private static let shortMessageMax = 1600

    /// Keys that a role gave for a while, by whose they are.
    private static let known = Lock<[AWSService.Identity: AWSCredentials.Found]>([:])
    private static let knownMax = 100

    static func deliver(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        try deliver(delivery, environment: AWSCredentials.ofProcess)
    }

    /// - Parameter environment: its variables; tests give their own.
    static func deliver(
        _ delivery: Delivery, environment: @escaping @Sendable (String) -> String?
    ) throws(DeliveryFailure) -> [String: String] {
        let service = AWSService(
            client: delivery.client, options: delivery.settings.client, time: delivery.time)
        let source = AWSCredentials(client: delivery.client, files: LocalFileSystem(), environment: environment)
        let form = [("Action", "Publish"), ("Version", "2010-03-31")] + (try fields(delivery))
        var url = try delivery.text("api_url")
        var request: ClientRequest
        do throws(AWSCredentials.Failure) {
            let region = try source.region(delivery.settings.text("sigv4_region"))
            if url.isEmpty { url = "https://sns.\(region).\(AWSService.domain(of: region))" }
            let keys = try keys(of: try identity(delivery), region, service, source, atMs: delivery.time.wallMs)
            request = try service.request(form, url, SigV4(keys, region: region, service: "sns"))
        } catch {
            throw DeliveryFailure("\(error)", isPassing: true, reason: "secret")
        }
        request.timeoutNs = delivery.limitNs
        try delivery.send(request)
        return [:]
    }

    private static func identity(_ delivery: Delivery) throws(AWSCredentials.Failure) -> AWSService.Identity {
        let settings = delivery.settings
        let key = settings.text("sigv4_access_key")
        let secret: String
        do throws(DeliveryFailure) {
            secret = try delivery.secret("sigv4_secret_key")
        } catch {
            throw AWSCredentials.Failure(description: error.description)
        }
        var identity = AWSService.Identity(
            accessKey: key.isEmpty ? nil : key, secretKey: secret.isEmpty ? nil : Secret(secret),
            profile: settings.text("sigv4_profile"), roleARN: settings.text("sigv4_role_arn"),
            externalID: settings.text("sigv4_external_id"), session: "obs-alerting")
        identity.usesFIPS = settings.flags["sigv4_fips"] ?? false
        return identity
    }

    /// Only the keys of a role are kept: others may be replaced at any time, and cost nothing to find.
    private static func keys(
        of identity: AWSService.Identity, _ region: String, _ service: AWSService, _ source: AWSCredentials,
        atMs: Int64
    ) throws(AWSCredentials.Failure) -> SigV4.Credentials {
        if let found = known.withLock({ $0[identity] }), found.isGood(atMs: atMs) { return found.credentials }
        let found = try service.credentials(of: identity, region: region, source)
        if !identity.roleARN.isEmpty, found.endMs != nil {
            known.withLock { known in
                if known.count >= knownMax { known = [:] }
                known[identity] = found
            }
        }
        return found.credentials
    }

    private static func fields(_ delivery: Delivery) throws(DeliveryFailure) -> [(String, String)] {
        var fields: [(String, String)] = []
        let topic = try delivery.text("topic_arn")
        if !topic.isEmpty {
            fields.append(("TopicArn", topic))
            if topic.hasSuffix(".fifo") {
                fields.append(("MessageDeduplicationId", delivery.groupHash))
                fields.append(("MessageGroupId", delivery.groupHash))
            }
        }
        for (name, key) in [("PhoneNumber", "phone_number"), ("TargetArn", "target_arn")] {
            let text = try delivery.text(key)
            if !text.isEmpty { fields.append((name, text)) }
        }
        let isShort = !delivery.settings.text("phone_number").isEmpty
        let whole = try delivery.text("message")
        let message = cut(whole, bytesMax: isShort ? shortMessageMax : messageBytesMax)
        fields.append(("Message", message))
        let subject = try delivery.text("subject")
        if !subject.isEmpty { fields.append(("Subject", subject)) }
        var attributes: [(String, String)] = message == whole ? [] : [("truncated", "true")]
        for (name, template) in (delivery.settings.tables["attributes"] ?? [:]).sorted(by: { $0.key < $1.key }) {
            attributes.append((try delivery.render(name), try delivery.render(template)))
        }
        for (place, attribute) in attributes.enumerated() {
            let prefix = "MessageAttributes.entry.\(place + 1)."
            fields.append((prefix + "Name", attribute.0))
            fields.append((prefix + "Value.DataType", "String"))
            fields.append((prefix + "Value.StringValue", attribute.1))
        }
        return fields
    }

    private static func cut(_ text: String, bytesMax: Int) -> String {
        guard text.utf8.count > bytesMax else { return text }
        var kept = Array(text.utf8.prefix(bytesMax))
        while kept.last.map({ $0 & 0xc0 == 0x80 }) ?? false { kept.removeLast() }
        if let last = kept.last, last >= 0xc0 { kept.removeLast() }
        return String(decoding: kept, as: UTF8.self)
    }
}
