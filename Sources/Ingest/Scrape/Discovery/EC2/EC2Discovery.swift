import Crypto
import Encoding
import HTTP
import Posix

/// The instances of an AWS account, asked for again and again by signed requests.
struct EC2Discovery: Discovery {
    private static let version = "2016-11-15"
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
        if let session, session.found.isGood(atMs: turn.context.time.wallMs) { return session }
        let source = AWSCredentials(
            client: turn.context.client, files: turn.context.files, environment: environment)
        let region = try source.region(options.region)
        let identity = AWSService.Identity(
            accessKey: options.accessKey, secretKey: options.secretKey, profile: options.profile,
            roleARN: options.roleARN, externalID: options.externalID, session: "obs-discovery")
        return Session(region: region, found: try service(turn).credentials(of: identity, region: region, source))
    }

    private func service(_ turn: DiscoveryTurn) -> AWSService {
        AWSService(client: turn.context.client, options: options.client, time: turn.context.time)
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
            ? "https://ec2.\(session.region).\(AWSService.domain(of: session.region))" : options.endpoint
        let signer = SigV4(session.found.credentials, region: session.region, service: "ec2")
        var answers: [XMLElement] = []
        var token: String?
        repeat {
            let next = token.map { [("NextToken", $0)] } ?? []
            let answer = try service(turn).ask(action, Self.version, parameters + next, url, signer)
            token = answer.text(of: "nextToken")
            answers.append(answer)
        } while token != nil && answers.count < Self.pagesMax
        return answers
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
