import Crypto
import Encoding
import HTTP
import Posix

/// The instances of an AWS account, asked for again and again by signed requests.
struct EC2Discovery: Discovery {
    private static let version = "2016-11-15"
    private static let answerBytesMax = 64 << 20
    /// Keys that end this soon are not used any more.
    private static let reserveMs: Int64 = 60_000
    private static let pagesMax = 10_000

    private let options: EC2DiscoveryOptions
    private let environment: @Sendable (String) -> String?

    init(
        _ options: EC2DiscoveryOptions,
        environment: @escaping @Sendable (String) -> String? = AWSCredentials.ofProcess
    ) {
        self.options = options
        self.environment = environment
    }

    private struct Session {
        let region: String
        let found: AWSCredentials.Found
    }

    func run(_ turn: DiscoveryTurn) {
        var session: Session?
        var zones: [String: String] = [:]
        turn.poll {
            do throws(AWSCredentials.Failure) {
                let current = try self.session(session, turn)
                session = current
                if zones.isEmpty { zones = try self.zones(current, turn) }
                let answers = try pages("DescribeInstances", filters, current, turn)
                turn.publish(answers.flatMap { instances(of: $0, current.region, zones) })
            } catch {
                // Keys that were replaced are looked for anew.
                session = nil
                if !turn.isEnding { turn.failed("EC2 does not tell of its instances: \(error)") }
            }
            return options.refreshIntervalMs
        }
    }

    private func session(_ session: Session?, _ turn: DiscoveryTurn) throws(AWSCredentials.Failure) -> Session {
        if let session, session.found.endMs.map({ turn.context.time.wallMs < $0 - Self.reserveMs }) ?? true {
            return session
        }
        let source = AWSCredentials(turn.context, environment: environment)
        let region = try source.region(options.region)
        var found = try source.find(
            accessKey: options.accessKey, secretKey: options.secretKey, profile: options.profile)
        if !options.roleARN.isEmpty { found = try assume(found, region, turn) }
        return Session(region: region, found: found)
    }

    /// The keys of the role that the settings name, for an hour.
    private func assume(
        _ found: AWSCredentials.Found, _ region: String, _ turn: DiscoveryTurn
    ) throws(AWSCredentials.Failure) -> AWSCredentials.Found {
        var parameters = [("RoleArn", options.roleARN), ("RoleSessionName", "obs-discovery")]
        if !options.externalID.isEmpty { parameters.append(("ExternalId", options.externalID)) }
        let url = environment("AWS_ENDPOINT_URL_STS") ?? "https://sts.\(region).\(Self.domain(of: region))"
        let signer = SigV4(found.credentials, region: region, service: "sts")
        let answer = try ask("AssumeRole", "2011-06-15", parameters, url, signer, turn)
        guard let keys = answer["AssumeRoleResult"]?["Credentials"], let key = keys.text(of: "AccessKeyId"),
            let secret = keys.text(of: "SecretAccessKey")
        else { throw .init(description: "the role \(Quoted.text(options.roleARN)) gives no keys") }
        return .init(
            credentials: .init(accessKey: key, secretKey: secret, sessionToken: keys.text(of: "SessionToken")),
            endMs: keys.text(of: "Expiration").flatMap { RFC3339.ms($0) })
    }

    private static func domain(of region: String) -> String {
        region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    }

    private var filters: [(String, String)] {
        options.filters.enumerated().flatMap { place, filter in
            [("Filter.\(place + 1).Name", filter.name)]
                + filter.values.enumerated().map { ("Filter.\(place + 1).Value.\($0 + 1)", $1) }
        }
    }

    /// The ids of availability zones by their names; without the permission to ask there are none.
    private func zones(_ session: Session, _ turn: DiscoveryTurn) throws(AWSCredentials.Failure) -> [String: String] {
        var zones: [String: String] = [:]
        do throws(AWSCredentials.Failure) {
            for answer in try pages("DescribeAvailabilityZones", [], session, turn) {
                for zone in answer.items(of: "availabilityZoneInfo") {
                    if let name = zone.text(of: "zoneName") { zones[name] = zone.text(of: "zoneId") }
                }
            }
        } catch {
            turn.failed("the ids of availability zones are not known: \(error)")
        }
        return zones
    }

    private func pages(
        _ action: String, _ parameters: [(String, String)], _ session: Session, _ turn: DiscoveryTurn
    ) throws(AWSCredentials.Failure) -> [XMLElement] {
        let url =
            options.endpoint.isEmpty
            ? "https://ec2.\(session.region).\(Self.domain(of: session.region))" : options.endpoint
        let signer = SigV4(session.found.credentials, region: session.region, service: "ec2")
        var answers: [XMLElement] = []
        var token: String?
        repeat {
            let next = token.map { [("NextToken", $0)] } ?? []
            let answer = try ask(action, Self.version, parameters + next, url, signer, turn)
            token = answer.text(of: "nextToken")
            answers.append(answer)
        } while token != nil && answers.count < Self.pagesMax
        return answers
    }

    private func ask(
        _ action: String, _ version: String, _ parameters: [(String, String)], _ url: String, _ signer: SigV4,
        _ turn: DiscoveryTurn
    ) throws(AWSCredentials.Failure) -> XMLElement {
        let form = [("Action", action), ("Version", version)] + parameters
        let text = form.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
        let whole = url.contains("://") ? url : "https://\(url)"
        guard let place = try? URL(whole) else {  // the reason is that it is none
            throw .init(description: "\(Quoted.text(url)) is not a URL")
        }
        let path = place.target.isEmpty ? "/" : place.target
        var signed = SigV4.Request(method: "POST", host: place.authority, path: path)
        let type = "application/x-www-form-urlencoded; charset=utf-8"
        signed.fields = [("Content-Type", type)]
        var request = ClientRequest(.post, "\(place.scheme)://\(place.authority)\(path)")
        request.options = options.client
        request.body = Array(text.utf8)
        request.fields =
            [("Content-Type", type)]
            + signer.fields(for: signed, body: request.body.span, atMs: turn.context.time.wallMs)
        request.answerBytesMax = Self.answerBytesMax
        // AWS answers 503 to whom it wants to wait.
        request.retries = RetryPolicy(attemptsMax: 5, backoffMinNs: 500_000_000, backoffMaxNs: 8_000_000_000)
        return try answer(to: request, action, turn)
    }

    private func answer(
        to request: ClientRequest, _ action: String, _ turn: DiscoveryTurn
    ) throws(AWSCredentials.Failure) -> XMLElement {
        let response: ClientResponse
        do throws(ClientError) {
            response = try turn.context.client.answer(to: request)
        } catch {
            throw .init(description: "\(error)")
        }
        let body = response.body
        let answer = try? XMLElement.parse(body.span)  // told below
        if response.status == .ok, let answer { return answer }
        let error = answer?["Errors"]?["Error"] ?? answer?["Error"]
        let reason = error.map { "\($0.text(of: "Code") ?? ""): \($0.text(of: "Message") ?? "")" } ?? "no XML"
        throw .init(description: "\(action) is answered by \(response.status.rawValue), \(reason)")
    }

    // MARK: targets

    private func instances(of answer: XMLElement, _ region: String, _ zones: [String: String]) -> [TargetGroup] {
        answer.items(of: "reservationSet").flatMap { reservation in
            reservation.items(of: "instancesSet").compactMap {
                target($0, owner: reservation.text(of: "ownerId"), region, zones)
            }
        }
    }

    private func target(
        _ instance: XMLElement, owner: String?, _ region: String, _ zones: [String: String]
    ) -> TargetGroup? {
        guard let address = instance.text(of: "privateIpAddress") else { return nil }
        var labels = ["__meta_ec2_region": region, "__meta_ec2_private_ip": address]
        func set(_ name: String, _ value: String?) { if let value { labels["__meta_ec2_" + name] = value } }
        set("instance_id", instance.text(of: "instanceId"))
        set("owner_id", owner)
        set("private_dns_name", instance.text(of: "privateDnsName"))
        set("platform", instance.text(of: "platform"))
        if let open = instance.text(of: "ipAddress") {
            set("public_ip", open)
            set("public_dns_name", instance.text(of: "dnsName") ?? "")
        }
        set("ami", instance.text(of: "imageId"))
        let zone = instance["placement"]?.text(of: "availabilityZone") ?? ""
        set("availability_zone", zone)
        set("availability_zone_id", zones[zone] ?? "")
        set("instance_state", instance["instanceState"]?.text(of: "name"))
        set("instance_type", instance.text(of: "instanceType"))
        set("instance_lifecycle", instance.text(of: "instanceLifecycle"))
        set("architecture", instance.text(of: "architecture"))
        if let cloud = instance.text(of: "vpcId") {
            set("vpc_id", cloud)
            set("primary_subnet_id", instance.text(of: "subnetId"))
            labels.merge(Self.networkLabels(instance)) { $1 }
        }
        for tag in instance.items(of: "tagSet") {
            guard let key = tag.text(of: "key"), let value = tag["value"]?.text else { continue }
            set("tag_" + TargetNames.label(key), value)
        }
        return TargetGroup(targets: [TargetNames.address(address, options.port)], labels: labels)
    }

    private static func networkLabels(_ instance: XMLElement) -> [String: String] {
        var subnets: [String] = []
        var addresses: [String] = []
        /// By the place of their interface in the instance.
        var primary: [String] = []
        for interface in instance.items(of: "networkInterfaceSet") {
            guard let subnet = interface.text(of: "subnetId") else { continue }
            if !subnets.contains(subnet) { subnets.append(subnet) }
            for item in interface.items(of: "ipv6AddressesSet") {
                guard let address = item.text(of: "ipv6Address") else { continue }
                addresses.append(address)
                guard item.text(of: "isPrimaryIpv6") == "true" else { continue }
                let place = interface["attachment"]?.text(of: "deviceIndex").flatMap { Int($0) } ?? 0
                guard (0..<interfacesMax).contains(place) else { continue }
                while primary.count <= place { primary.append("") }
                primary[place] = address
            }
        }
        var labels = ["__meta_ec2_subnet_id": TargetNames.list(subnets)]
        if !addresses.isEmpty { labels["__meta_ec2_ipv6_addresses"] = TargetNames.list(addresses) }
        if !primary.isEmpty { labels["__meta_ec2_primary_ipv6_addresses"] = TargetNames.list(primary) }
        return labels
    }

    /// More than any instance can have.
    private static let interfacesMax = 256
}
