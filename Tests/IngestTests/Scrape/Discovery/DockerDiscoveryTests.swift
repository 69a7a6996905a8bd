import Testing

@testable import Ingest

/// The engine's answers as `docker` itself sees them (API 1.43), shortened to a few containers.
struct DockerDiscoveryTests {
    private static let containers = """
        [{"Id":"a1","Names":["/web"],"Image":"nginx","Labels":{"com.docker.compose.service":"web"},
          "Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"PrivatePort":53,"Type":"udp"},{"PrivatePort":443,"Type":"tcp"}],
          "HostConfig":{"NetworkMode":"front"},
          "NetworkSettings":{"Networks":{"front":{"NetworkID":"n1","IPAddress":"172.20.0.2"},"back":{"NetworkID":"n2","IPAddress":"172.21.0.2"}}}},
         {"Id":"b2","Names":["/side"],"Labels":{},"Ports":[],"HostConfig":{"NetworkMode":"container:a1"},"NetworkSettings":{"Networks":{}}},
         {"Id":"c3","Names":["/agent"],"Labels":null,"Ports":[],"HostConfig":{"NetworkMode":"host"},
          "NetworkSettings":{"Networks":{"host":{"NetworkID":"n3","IPAddress":""}}}}]
        """
    private static let networks = """
        [{"Name":"front","Id":"n1","Scope":"local","Internal":false,"Ingress":false,"Labels":{"zone.name":"dmz"}},
         {"Name":"back","Id":"n2","Scope":"local","Internal":true,"Ingress":false,"Labels":{}},
         {"Name":"host","Id":"n3","Scope":"local","Internal":false,"Ingress":false,"Labels":null}]
        """

    private func found(_ settings: String) throws -> (rig: DiscoveryRig, groups: [TargetGroup]) {
        let rig = try DiscoveryRig(paths: ["/containers/json", "/networks"], names: ["filters"]) { asked, _ in
            .init(body: asked.path == "/networks" ? Self.networks : Self.containers)
        }
        guard case .docker(let options) = try rig.options("docker", "{host: 'http://ADDRESS'\(settings)}") else {
            throw CancellationError()
        }
        try rig.start(DockerDiscovery(options))
        return (rig, try rig.wait("no containers") { !$0.isEmpty })
    }

    @Test func aTargetForEachPortOfTheFirstNetwork() throws {
        let (_, groups) = try found("")
        // In the order of names "back" comes first.
        #expect(groups.addresses == ["172.21.0.2:80", "172.21.0.2:443", "172.21.0.2:80", "localhost"])
        #expect(
            groups.first?.labels == [
                "__meta_docker_container_id": "a1", "__meta_docker_container_name": "/web",
                "__meta_docker_container_network_mode": "front",
                "__meta_docker_container_label_com_docker_compose_service": "web",
                "__meta_docker_network_id": "n2", "__meta_docker_network_name": "back",
                "__meta_docker_network_scope": "local", "__meta_docker_network_internal": "true",
                "__meta_docker_network_ingress": "false", "__meta_docker_network_ip": "172.21.0.2",
                "__meta_docker_port_private": "80", "__meta_docker_port_public": "8080",
                "__meta_docker_port_public_ip": "0.0.0.0",
            ])
        // A container in another one's network has its addresses, and the port of the settings.
        #expect(groups[2].labels["__meta_docker_container_name"] == "/side")
        #expect(groups[2].labels["__meta_docker_network_name"] == "back")
        #expect(groups[3].labels["__meta_docker_container_network_mode"] == "host")
    }

    @Test func allNetworksAndFiltersWhereTheyAreWanted() throws {
        let (rig, groups) = try found(
            ", match_first_network: false, host_networking_host: 10.0.0.9, port: 9100, filters: [{name: label, values: [a=b, c]}]"
        )
        #expect(
            groups.addresses == [
                "172.21.0.2:80", "172.21.0.2:443", "172.20.0.2:80", "172.20.0.2:443", "172.21.0.2:9100",
                "172.20.0.2:9100", "10.0.0.9",
            ])
        #expect(groups.labels(of: "172.20.0.2:80")?["__meta_docker_network_label_zone_name"] == "dmz")
        let asked = rig.asked.first { $0.path == "/containers/json" }
        #expect(asked?.values["filters"] == #"{"label":{"a=b":true,"c":true}}"#)
    }
}
