import Testing

@testable import Ingest

/// Answers of Consul 1.15's HTTP API, with the index of each.
struct ConsulDiscoveryTests {
    private static func entry(_ address: String, status: String) -> String {
        """
        [{"Node":{"ID":"n","Node":"node-1","Address":"10.0.0.1","Datacenter":"dc1","TaggedAddresses":{"lan":"10.0.0.1","wan":"1.2.3.4"},"Meta":{"rack.id":"r1"}},
          "Service":{"ID":"web-1","Service":"web","Tags":["prod","v2"],"Address":"\(address)","Meta":{"team":"shop"},"Port":8080,"Namespace":"default","Partition":"p"},
          "Checks":[{"CheckID":"serfHealth","Status":"passing"},{"CheckID":"service:web-1","Status":"\(status)"}]}]
        """
    }

    @Test func servicesOfTheCatalogWithTheirLabelsAndChanges() throws {
        let paths = ["/v1/agent/self", "/v1/catalog/services", "/v1/health/service/web"]
        let rig = try DiscoveryRig(paths: paths, names: ["index", "dc", "tag", "stale", "x-consul-token"]) {
            asked, before in
            switch asked.path {
            case "/v1/agent/self": return .init(body: #"{"Config":{"Datacenter":"dc1"}}"#)
            case "/v1/catalog/services":
                // The same index again: nothing has changed.
                return .init(body: #"{"consul":[],"web":["prod","v2"]}"#, fields: [("X-Consul-Index", "5")])
            default:
                let isFirst = before == 0
                return .init(
                    body: Self.entry(isFirst ? "" : "10.9.9.9", status: isFirst ? "passing" : "critical"),
                    fields: [("X-Consul-Index", isFirst ? "7" : "9")])
            }
        }
        guard
            case .consul(let options) = try rig.options(
                "consul", "{server: 'ADDRESS', token: t, tags: [prod], refresh_interval: 10ms}")
        else { throw CancellationError() }
        try rig.start(ConsulDiscovery(options))
        let first = try rig.wait("no service") { $0.addresses == ["10.0.0.1:8080"] }
        #expect(
            first[0].labels == [
                "__meta_consul_service": "web", "__meta_consul_dc": "dc1", "__meta_consul_address": "10.0.0.1",
                "__meta_consul_node": "node-1", "__meta_consul_namespace": "default", "__meta_consul_partition": "p",
                "__meta_consul_tags": ",prod,v2,", "__meta_consul_service_address": "",
                "__meta_consul_service_port": "8080", "__meta_consul_service_id": "web-1",
                "__meta_consul_health": "passing", "__meta_consul_metadata_rack_id": "r1",
                "__meta_consul_service_metadata_team": "shop", "__meta_consul_tagged_address_lan": "10.0.0.1",
                "__meta_consul_tagged_address_wan": "1.2.3.4",
            ])
        let next = try rig.wait("no change") { $0.addresses == ["10.9.9.9:8080"] }
        #expect(next[0].labels["__meta_consul_health"] == "critical")
        let health = rig.asked.filter { $0.path == "/v1/health/service/web" }
        #expect(health[0].values["index"] == nil && health[1].values["index"] == "7")
        #expect(
            health[0].values["tag"] == "prod" && health[0].values["dc"] == "dc1" && health[0].values["stale"] != nil)
        #expect(rig.asked.allSatisfy { $0.fields["x-consul-token"] == "t" })
    }
}
