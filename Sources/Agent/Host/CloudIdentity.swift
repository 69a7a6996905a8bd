import Encoding
import HTTP

/// `cloud`: which machine of a cloud this is, by the document that its provider answers to the machine alone. What it says
/// becomes labels of every sample and line.
package struct CloudIdentity: Sendable, Equatable {
    enum Provider: String, CaseIterable, Sendable {
        case ec2, gce, azure
    }

    private enum Limits {
        /// The document is answered by the machine's own host, or there is none.
        static let waitNs: Int64 = 1_000_000_000
        static let answerBytesMax = 1 << 20
    }

    /// Asked in this order until one answers.
    let providers: [Provider]
    /// In place of the address that all providers use.
    let url: String

    init(_ providers: [Provider], url: String = "http://169.254.169.254") {
        (self.providers, self.url) = (providers, url)
    }

    /// Reads `{provider: ec2}`; `auto` asks all.
    init(_ section: YAMLSection) {
        let word = section.choice("provider", Provider.allCases.map(\.rawValue) + ["auto"]) ?? "auto"
        let providers = Provider(rawValue: word).map { [$0] } ?? Provider.allCases
        let url = section.string("url")
        section.finish()
        if let url { self.init(providers, url: url) } else { self.init(providers) }
    }

    /// Empty where no provider answers in time.
    func labels(_ client: HTTPClient) -> [String: String] {
        for provider in providers {
            let labels = labels(of: provider, client).filter { !$0.value.isEmpty }
            if !labels.isEmpty { return labels.merging(["cloud_provider": provider.rawValue]) { $1 } }
        }
        return [:]
    }

    private func labels(of provider: Provider, _ client: HTTPClient) -> [String: String] {
        switch provider {
        case .ec2:
            // Without a token only the first version of the service answers, if it is still on.
            let token = answer(
                .put, "/latest/api/token", [("X-aws-ec2-metadata-token-ttl-seconds", "60")], client)
            let fields = token.map { [("X-aws-ec2-metadata-token", String(decoding: $0, as: UTF8.self))] } ?? []
            guard let facts = document("/latest/dynamic/instance-identity/document", fields, client) else { return [:] }
            return Self.labels(
                facts["region"]?.text, facts["availabilityZone"]?.text, facts["instanceId"]?.text,
                facts["instanceType"]?.text)
        case .gce:
            let fields = [("Metadata-Flavor", "Google")]
            guard let facts = document("/computeMetadata/v1/instance/?recursive=true", fields, client) else {
                return [:]
            }
            // Both are paths: projects/1/zones/europe-west1-b.
            let zone = Self.last(facts["zone"]?.text)
            let region = zone.flatMap { zone in zone.lastIndex(of: "-").map { String(zone[..<$0]) } }
            return Self.labels(region, zone, facts["id"].flatMap(Self.number), Self.last(facts["machineType"]?.text))
        case .azure:
            let path = "/metadata/instance?api-version=2021-02-01"
            guard let facts = document(path, [("Metadata", "true")], client)?["compute"] else { return [:] }
            return Self.labels(
                facts["location"]?.text, facts["zone"]?.text, facts["vmId"]?.text, facts["vmSize"]?.text)
        }
    }

    private static func labels(_ region: String?, _ zone: String?, _ id: String?, _ type: String?) -> [String: String] {
        [
            "cloud_region": region ?? "", "cloud_zone": zone ?? "", "cloud_instance_id": id ?? "",
            "cloud_instance_type": type ?? "",
        ]
    }

    private static func last(_ path: String?) -> String? { path?.split(separator: "/").last.map(String.init) }

    /// An identity of 19 digits, which no Double holds.
    private static func number(_ value: JSONValue) -> String? {
        value.text ?? value.unsigned.map { "\($0)" }
    }

    private func document(
        _ path: String, _ fields: [(name: String, value: String)], _ client: HTTPClient
    ) -> JSONValue? {
        guard let bytes = answer(.get, path, fields, client) else { return nil }
        return try? JSONValue.parse(bytes.span)  // another's page is no document
    }

    /// Nil for whatever is no 200 in time.
    private func answer(
        _ method: Method, _ path: String, _ fields: [(name: String, value: String)], _ client: HTTPClient
    ) -> [UInt8]? {
        var request = ClientRequest(method, url + path)
        request.fields = fields
        request.timeoutNs = Limits.waitNs
        request.connectTimeoutNs = Limits.waitNs
        request.answerBytesMax = Limits.answerBytesMax
        request.options.followsRedirects = false
        guard let response = try? client.answer(to: request), response.status == .ok else { return nil }  // as above
        return response.body
    }
}
