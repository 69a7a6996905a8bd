package import Encoding
package import HTTP
import Model

/// `ec2_sd_configs`: the instances of an AWS account.
package struct EC2DiscoveryOptions: Hashable, Sendable {
    /// The region of the machine that asks where empty.
    package let region: String
    /// AWS' own where empty.
    package let endpoint: String
    /// Those of the environment, the profile or the machine's role where nil.
    package let accessKey: String?
    package let secretKey: Secret?
    package let profile: String
    package let roleARN: String
    package let externalID: String
    package let port: Int
    package let filters: [DiscoveryFilter]
    package let refreshIntervalMs: Int64
    package let client: HTTPClientOptions

    init(_ section: YAMLSection) {
        region = section.string("region") ?? ""
        endpoint = section.string("endpoint") ?? ""
        accessKey = section.string("access_key")
        secretKey = section.secret("secret_key")
        profile = section.string("profile") ?? ""
        roleARN = section.string("role_arn") ?? ""
        externalID = section.string("external_id") ?? ""
        port = section.int("port", in: 0...65535) ?? 80
        filters = DiscoveryFilter.read(section)
        refreshIntervalMs = section.durationMs("refresh_interval") ?? 60_000
        client = HTTPClientOptions(inlineIn: section)
        section.finish()
    }
}
