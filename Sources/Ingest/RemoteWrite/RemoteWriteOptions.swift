package import Encoding
package import HTTP
package import Model

/// One entry of `remote_write`: a store that every sample is sent to as well.
package struct RemoteWriteOptions: Equatable, Sendable {
    package enum Message: String, Sendable, CaseIterable {
        case version1 = "prometheus.WriteRequest"
        case version2 = "io.prometheus.write.v2.Request"
    }

    /// Where the entry stands.
    package let position: ConfigurationPosition
    package let url: URL?
    package let name: String
    package let timeoutMs: Int64
    package let message: Message
    package let headers: [String: String]
    package let sendsExemplars: Bool
    package let sendsNativeHistograms: Bool
    /// A new address of the name for each connection.
    package let resolvesRoundRobin: Bool
    package let rules: [RelabelRule]
    package let queue: RemoteWriteQueueOptions
    package let sendsMetadata: Bool
    package let metadataIntervalMs: Int64
    package let metadataPerRequest: Int
    package let client: HTTPClientOptions

    package init(_ section: YAMLSection, validation: NameValidation) {
        position = section.reader.position(of: section.node)
        url = section.url("url")
        name = section.string("name") ?? ""
        timeoutMs = section.durationMs("remote_timeout") ?? 30_000
        message = Self.message(section)
        headers = section.requestHeaders("headers")
        sendsExemplars = section.bool("send_exemplars") ?? false
        sendsNativeHistograms = section.bool("send_native_histograms") ?? false
        resolvesRoundRobin = section.bool("round_robin_dns") ?? false
        _ = section.bool("failed_request_logging")
        rules = section.relabelRules("write_relabel_configs", validation: validation)
        queue = section.section("queue_config").map(RemoteWriteQueueOptions.init) ?? RemoteWriteQueueOptions()
        let metadata = section.section("metadata_config")
        sendsMetadata = metadata?.bool("send") ?? true
        metadataIntervalMs = metadata?.durationMs("send_interval") ?? 60_000
        metadataPerRequest = metadata?.int("max_samples_per_send", in: 1...Int.max) ?? 2000
        metadata?.finish()
        client = HTTPClientOptions(inlineIn: section, enablesHTTP2: false)
        if section.value("url") == nil { section.refuse(at: "url", "url for remote_write is empty") }
        CloudCredentials.read(section, client, kinds: ["sigv4", "azuread", "google_iam"])
        section.finish()
    }

    private static func message(_ section: YAMLSection) -> Message {
        guard let name = section.string("protobuf_message") else { return .version1 }
        if let message = Message(rawValue: name) { return message }
        let names = Message.allCases.map(\.rawValue)
        section.refuse(
            at: "protobuf_message",
            "invalid protobuf_message value: unknown type for remote write protobuf message \(name)",
            NearestWord.of(name, among: names).map { "did you mean \(Quoted.text($0))?" }
                ?? "supported: \(names.joined(separator: ", "))")
        return .version1
    }
}

/// `queue_config`: how samples wait and are sent.
package struct RemoteWriteQueueOptions: Hashable, Sendable {
    /// Samples that one shard holds.
    package var capacity = 10_000
    package var shardsMax = 50
    package var shardsMin = 1
    package var samplesPerRequest = 2000
    package var deadlineMs: Int64 = 5000
    package var backoffMinMs: Int64 = 30
    package var backoffMaxMs: Int64 = 5000
    package var retriesTooManyRequests = false
    /// Older samples are dropped; zero keeps all.
    package var ageMaxMs: Int64 = 0

    package init() {}

    init(_ section: YAMLSection) {
        capacity = Self.positive(section, "capacity", 10_000)
        shardsMax = Self.positive(section, "max_shards", 50)
        shardsMin = Self.positive(section, "min_shards", 1)
        samplesPerRequest = Self.positive(section, "max_samples_per_send", 2000)
        deadlineMs = section.durationMs("batch_send_deadline") ?? deadlineMs
        backoffMinMs = section.durationMs("min_backoff") ?? backoffMinMs
        backoffMaxMs = section.durationMs("max_backoff") ?? backoffMaxMs
        retriesTooManyRequests = section.bool("retry_on_http_429") ?? false
        ageMaxMs = section.durationMs("sample_age_limit") ?? 0
        if shardsMin > shardsMax {
            section.refuse(at: "min_shards", "remote write queue min_shards must not be greater than max_shards")
        }
        if backoffMaxMs < backoffMinMs {
            section.refuse(at: "max_backoff", "remote write queue max_backoff must not be less than min_backoff")
        }
        section.finish()
    }

    private static func positive(_ section: YAMLSection, _ key: String, _ value: Int) -> Int {
        guard let written = section.int(key) else { return value }
        if written <= 0 { section.refuse(at: key, "remote write queue \(key) must be positive") }
        return written
    }
}

extension YAMLSection {
    /// Headers that are sent with each request; those that the client sets itself are refused.
    package func requestHeaders(_ key: String) -> [String: String] {
        for pair in pairs(key) ?? [] {
            let name = pair.key.lowercased()
            if name == "authorization" {
                reader.refuse(
                    pair.value,
                    "authorization header must be changed via the basic_auth, authorization or oauth2 parameter")
            } else if Self.reservedHeaders.contains(name) {
                reader.refuse(pair.value, "\(pair.key) is a reserved header. It must not be changed")
            }
        }
        return texts(key)
    }

    private static let reservedHeaders: Set<String> = [
        "host", "content-encoding", "content-length", "content-type", "user-agent", "connection", "keep-alive",
        "proxy-authenticate", "proxy-authorization", "www-authenticate", "accept-encoding",
        "x-prometheus-remote-write-version", "x-prometheus-remote-read-version", "x-amz-date", "x-amz-security-token",
        "x-amz-content-sha256",
    ]
}
