import Testing

@testable import Ingest

/// Answers in the form of EC2's query API 2016-11-15.
struct EC2DiscoveryTests {
    private static let zones = """
        <?xml version="1.0" encoding="UTF-8"?>
        <DescribeAvailabilityZonesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId>
        <availabilityZoneInfo><item><zoneName>eu-west-1a</zoneName><zoneState>available</zoneState><zoneId>euw1-az3</zoneId></item></availabilityZoneInfo>
        </DescribeAvailabilityZonesResponse>
        """
    private static func instances(_ id: String, ip: String, more: String = "", next: String = "") -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId>
        <reservationSet><item><reservationId>r-1</reservationId><ownerId>123456789012</ownerId><groupSet/>
        <instancesSet><item><instanceId>\(id)</instanceId><imageId>ami-1</imageId><instanceState><code>16</code><name>running</name></instanceState>
        <privateDnsName>ip-10-0-0-5.internal</privateDnsName><dnsName>ec2.example.com</dnsName><instanceType>t3.micro</instanceType>
        <placement><availabilityZone>eu-west-1a</availabilityZone><tenancy>default</tenancy></placement>
        <subnetId>subnet-a</subnetId><vpcId>vpc-1</vpcId><privateIpAddress>\(ip)</privateIpAddress><architecture>x86_64</architecture>
        <tagSet><item><key>app:name</key><value>shop &amp; more</value></item><item><key>empty</key><value/></item></tagSet>\(more)
        </item><item><instanceId>i-gone</instanceId><instanceState><code>48</code><name>terminated</name></instanceState></item></instancesSet>
        </item></reservationSet>\(next)</DescribeInstancesResponse>
        """
    }

    private static let interfaces = """
        <ipAddress>54.1.2.3</ipAddress><instanceLifecycle>spot</instanceLifecycle><platform>windows</platform>
        <networkInterfaceSet><item><subnetId>subnet-a</subnetId><attachment><deviceIndex>1</deviceIndex></attachment>
        <ipv6AddressesSet><item><ipv6Address>2001:db8::1</ipv6Address><isPrimaryIpv6>true</isPrimaryIpv6></item></ipv6AddressesSet></item>
        <item><subnetId>subnet-b</subnetId></item></networkInterfaceSet>
        """

    @Test func instancesOfAllPagesThroughThrottlingWithTheKeysOfTheRole() throws {
        let role = "/latest/meta-data/iam/security-credentials/"
        let paths = ["/", "/latest/api/token", role, role + "reader", "/latest/meta-data/placement/region"]
        let names = ["authorization", "x-amz-date", "x-amz-security-token", "x-aws-ec2-metadata-token"]
        let rig = try DiscoveryRig(paths: paths, names: names) { asked, before in
            switch asked.path {
            case "/latest/api/token": return .init(body: "metadata-token")
            case role: return .init(body: "reader\n")
            case role + "reader":
                return .init(
                    body:
                        #"{"Code":"Success","AccessKeyId":"ASIA1","SecretAccessKey":"s","Token":"session","Expiration":"2099-01-01T00:00:00Z"}"#
                )
            case "/latest/meta-data/placement/region": return .init(body: "eu-west-1")
            default: break
            }
            if asked.body.hasPrefix("Action=DescribeAvailabilityZones") { return .init(body: Self.zones) }
            if asked.body.contains("NextToken=more") { return .init(body: Self.instances("i-2", ip: "10.0.0.6")) }
            if before < 3 {
                return .init(
                    status: 503,
                    body:
                        "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message></Error></Errors></Response>",
                    fields: [("Retry-After", "0")])
            }
            return .init(
                body: Self.instances("i-1", ip: "10.0.0.5", more: Self.interfaces, next: "<nextToken>more</nextToken>"))
        }
        let address = rig.address
        guard
            case .ec2(let options) = try rig.options(
                "ec2", "{endpoint: 'http://ADDRESS', port: 9100, filters: [{name: 'tag:env', values: [prod, dev]}]}")
        else { throw CancellationError() }
        try rig.start(
            EC2Discovery(options) { name in
                switch name {
                case "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://\(address)"
                case "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials"
                default: nil
                }
            })
        let groups = try rig.wait("no instances") { $0.count == 2 }
        #expect(groups.addresses == ["10.0.0.5:9100", "10.0.0.6:9100"])
        #expect(
            groups[0].labels == [
                "__meta_ec2_region": "eu-west-1", "__meta_ec2_private_ip": "10.0.0.5", "__meta_ec2_instance_id": "i-1",
                "__meta_ec2_owner_id": "123456789012", "__meta_ec2_private_dns_name": "ip-10-0-0-5.internal",
                "__meta_ec2_platform": "windows", "__meta_ec2_public_ip": "54.1.2.3",
                "__meta_ec2_public_dns_name": "ec2.example.com", "__meta_ec2_ami": "ami-1",
                "__meta_ec2_availability_zone": "eu-west-1a", "__meta_ec2_availability_zone_id": "euw1-az3",
                "__meta_ec2_instance_state": "running", "__meta_ec2_instance_type": "t3.micro",
                "__meta_ec2_instance_lifecycle": "spot", "__meta_ec2_architecture": "x86_64",
                "__meta_ec2_vpc_id": "vpc-1", "__meta_ec2_primary_subnet_id": "subnet-a",
                "__meta_ec2_subnet_id": ",subnet-a,subnet-b,", "__meta_ec2_ipv6_addresses": ",2001:db8::1,",
                "__meta_ec2_primary_ipv6_addresses": ",,2001:db8::1,", "__meta_ec2_tag_app_name": "shop & more",
                "__meta_ec2_tag_empty": "",
            ])
        #expect(groups[1].labels["__meta_ec2_public_ip"] == nil)
        let signed = rig.asked.filter { $0.path == "/" }
        #expect(
            signed.allSatisfy {
                $0.fields["authorization"]?.contains("Credential=ASIA1/") == true
                    && $0.fields["authorization"]?.contains(
                        "/eu-west-1/ec2/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token,")
                        == true
                    && $0.fields["x-amz-security-token"] == "session"
            })
        #expect(
            signed.last?.body
                == "Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=tag%3Aenv&Filter.1.Value.1=prod&Filter.1.Value.2=dev&NextToken=more"
        )
        #expect(
            rig.asked.filter { $0.path == role }.allSatisfy {
                $0.fields["x-aws-ec2-metadata-token"] == "metadata-token"
            })
    }
}
