import Crypto
import Encoding
import HTTP
import Model
import Posix

/// A message published to Amazon's Simple Notification Service, signed with version 4 of AWS' signatures.
enum SNSPublication {
    private static let messageBytesMax = 256 * 1024
    private static let shortMessageMax = 1600

    static func deliver(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        let region = delivery.settings.text("sigv4_region")
        if region.isEmpty {
            throw DeliveryFailure("region not configured in sns.sigv4.region", isPassing: false, reason: "client_error")
        }
        var url = try delivery.text("api_url")
        if url.isEmpty { url = "https://sns.\(region).amazonaws.com/" }
        if !url.hasSuffix("/") { url += "/" }
        let body = FormText.encoded(try fields(delivery))
        var request = delivery.request(url)
        request.body = Array(body.utf8)
        request.fields = try signed(request.body, url, region, delivery)
        try delivery.send(request)
        return [:]
    }

    private static func fields(_ delivery: Delivery) throws(DeliveryFailure) -> [(String, String)] {
        var fields = [("Action", "Publish"), ("Version", "2010-03-31")]
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

    private static func signed(
        _ body: [UInt8], _ url: String, _ region: String, _ delivery: Delivery
    ) throws(DeliveryFailure) -> [(name: String, value: String)] {
        let moment = AmazonSignature.moment(delivery.time.wallMs)
        let host = url.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first.map(String.init) ?? ""
        var fields = [
            (name: "content-type", value: "application/x-www-form-urlencoded; charset=utf-8"),
            (name: "host", value: host), (name: "x-amz-date", value: moment),
        ]
        let signature = AmazonSignature(
            accessKey: delivery.settings.text("sigv4_access_key"), secretKey: try delivery.secret("sigv4_secret_key"),
            region: region, service: "sns")
        fields.append((name: "Authorization", value: signature.authorization(moment, fields, body)))
        return fields
    }
}

/// Version 4 of AWS' signatures, for a POST to `/`.
struct AmazonSignature {
    let accessKey: String
    let secretKey: String
    let region: String
    let service: String

    /// `20261120T195101Z`
    static func moment(_ ms: Int64) -> String {
        GoTime(ms: ms).formatted("20060102T150405Z")
    }

    /// - Parameter fields: with names in small letters, sorted.
    func authorization(_ moment: String, _ fields: [(name: String, value: String)], _ body: [UInt8]) -> String {
        let names = fields.map(\.name).joined(separator: ";")
        let lines = fields.map { "\($0.name):\($0.value)\n" }.joined()
        let bodyHash = Hexadecimal.string(HashAlgorithm.sha256.hash(body.span).span)
        let canonical = "POST\n/\n\n\(lines)\n\(names)\n\(bodyHash)"
        let day = String(moment.prefix(8))
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let toSign = "AWS4-HMAC-SHA256\n\(moment)\n\(scope)\n\(SHA256Text.hexadecimal(canonical))"
        var key = Array("AWS4\(secretKey)".utf8)
        for part in [day, region, service, "aws4_request", toSign] {
            key = HashAlgorithm.sha256.authenticate(Array(part.utf8).span, key: key.span)
        }
        let signature = Hexadecimal.string(key.span)
        return "AWS4-HMAC-SHA256 Credential=\(accessKey)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
    }
}
