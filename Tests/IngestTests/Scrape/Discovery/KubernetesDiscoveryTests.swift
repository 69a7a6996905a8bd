import Posix
import Testing

@testable import Ingest

/// Lists and watches as the API of Kubernetes 1.28 writes them.
struct KubernetesDiscoveryTests {
    private static func pod(_ name: String, ip: String, version: Int, phase: String = "Running") -> String {
        """
        {"metadata":{"name":"\(name)","namespace":"shop","uid":"u-\(name)","resourceVersion":"\(version)","labels":{"app.kubernetes.io/name":"web"},"annotations":{"prometheus.io/scrape":"true"},"ownerReferences":[{"kind":"ReplicaSet","name":"web-5d","controller":true}]},"spec":{"nodeName":"node-1","containers":[{"name":"web","image":"nginx:1","ports":[{"name":"http","containerPort":8080,"protocol":"TCP"}]},{"name":"side","image":"side:1"}]},"status":{"phase":"\(phase)","podIP":"\(ip)","hostIP":"10.1.0.1","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"web","containerID":"containerd://c1"}]}}
        """
    }

    private static func list(_ items: [String], version: Int, next: String = "") -> String {
        #"{"kind":"PodList","metadata":{"resourceVersion":"\#(version)","continue":"\#(next)"},"items":[\#(items.joined(separator: ","))]}"#
    }

    private static func event(_ type: String, _ object: String) -> String {
        #"{"type":"\#(type)","object":\#(object)}"# + "\n"
    }

    private func options(_ rig: DiscoveryRig, _ text: String) throws -> KubernetesDiscoveryOptions {
        guard case .kubernetes(let options) = try rig.options("kubernetes", "{api_server: 'http://ADDRESS', \(text)}")
        else { throw CancellationError() }
        return options
    }

    @Test func podsAreListedInPagesAndWatchedThroughExpiry() throws {
        let path = "/api/v1/namespaces/shop/pods"
        let names = ["watch", "continue", "resourceVersion", "labelSelector", "allowWatchBookmarks"]
        // The watch expires once the change was seen, as what changes at once is told at once.
        let isExpired = Lock(false)
        let rig = try DiscoveryRig(paths: [path], names: names) { asked, _ in
            let version = asked.values["resourceVersion"]
            if asked.values["watch"] == "true" {
                switch version {
                case "10":
                    // An event in the middle of which the connection could have been cut, a bookmark, and an end.
                    return .init(
                        body: Self.event("MODIFIED", Self.pod("a", ip: "10.0.0.11", version: 12))
                            + Self.event("BOOKMARK", #"{"kind":"Pod","metadata":{"resourceVersion":"20"}}"#))
                case "20":
                    return .init(
                        body: Self.event("ADDED", Self.pod("c", ip: "10.0.0.3", version: 21))
                            + Self.event("DELETED", Self.pod("b", ip: "10.0.0.2", version: 22)))
                case "22":
                    guard isExpired.withLock({ $0 }) else { return .init() }
                    return .init(
                        body: Self.event(
                            "ERROR",
                            #"{"kind":"Status","status":"Failure","message":"too old resource version","reason":"Expired","code":410}"#
                        ))
                default: return .init(status: 410, body: "{}")
                }
            }
            if asked.values["continue"] == "page-2" {
                return .init(body: Self.list([Self.pod("b", ip: "10.0.0.2", version: 9)], version: 10))
            }
            let isAgain = asked.values["continue"] == nil
            return .init(
                body: Self.list([Self.pod("a", ip: "10.0.0.1", version: 8)], version: 10, next: isAgain ? "page-2" : "")
            )
        }
        let wanted = try options(
            rig, "role: pod, namespaces: {names: [shop]}, selectors: [{role: pod, label: 'app=web'}]")
        try rig.start(KubernetesDiscovery(wanted))
        let first = try rig.wait("no pods") { $0.addresses.contains("10.0.0.2:8080") }
        let labels = try #require(first.labels(of: "10.0.0.2:8080"))
        let prefix = "__meta_kubernetes_"
        #expect(
            labels == [
                "\(prefix)namespace": "shop", "\(prefix)pod_name": "b", "\(prefix)pod_ip": "10.0.0.2",
                "\(prefix)pod_ready": "true", "\(prefix)pod_phase": "Running", "\(prefix)pod_node_name": "node-1",
                "\(prefix)pod_host_ip": "10.1.0.1", "\(prefix)pod_uid": "u-b",
                "\(prefix)pod_controller_kind": "ReplicaSet", "\(prefix)pod_controller_name": "web-5d",
                "\(prefix)pod_label_app_kubernetes_io_name": "web",
                "\(prefix)pod_labelpresent_app_kubernetes_io_name": "true",
                "\(prefix)pod_annotation_prometheus_io_scrape": "true",
                "\(prefix)pod_annotationpresent_prometheus_io_scrape": "true",
                "\(prefix)pod_container_name": "web", "\(prefix)pod_container_image": "nginx:1",
                "\(prefix)pod_container_id": "containerd://c1", "\(prefix)pod_container_init": "false",
                "\(prefix)pod_container_port_name": "http", "\(prefix)pod_container_port_number": "8080",
                "\(prefix)pod_container_port_protocol": "TCP",
            ])
        // A container without ports is a target with the address alone.
        #expect(first.labels(of: "10.0.0.2")?["\(prefix)pod_container_name"] == "side")
        try rig.wait("no change") {
            $0.addresses.sorted() == ["10.0.0.11", "10.0.0.11:8080", "10.0.0.3", "10.0.0.3:8080"]
        }
        isExpired.withLock { $0 = true }
        // After the expiry everything is as a new list says.
        try rig.wait("no list after the expiry") {
            $0.addresses.contains("10.0.0.2:8080") && !$0.addresses.contains("10.0.0.3")
        }
        func versions(_ asked: [DiscoveryRig.Asked]) -> [String] {
            var versions: [String] = []
            let watched = asked.filter { $0.values["watch"] != nil }.compactMap { $0.values["resourceVersion"] }
            for version in watched where version != versions.last { versions.append(version) }
            return versions
        }
        let asked = try rig.waitToBeAsked("no watch from the new list on", until: { versions($0).count >= 4 })
        #expect(versions(asked).prefix(4) == ["10", "20", "22", "10"])
        #expect(rig.asked.allSatisfy { $0.values["labelSelector"] == "app=web" })
    }

    /// Each path gives one list, and watches that bring nothing.
    private func found(_ lists: [String: String], _ settings: String, count: Int) throws -> [TargetGroup] {
        let rig = try DiscoveryRig(paths: Array(lists.keys), names: ["watch"]) { asked, _ in
            .init(body: asked.values["watch"] == nil ? Self.list([lists[asked.path] ?? ""], version: 1) : "")
        }
        try rig.start(KubernetesDiscovery(try options(rig, settings)))
        return try rig.wait("no targets") { $0.count == count }
    }

    private static let service = """
        {"metadata":{"name":"web","namespace":"shop","labels":{"team":"a"}},"spec":{"type":"ClusterIP","clusterIP":"10.96.0.7","ports":[{"name":"http","port":80,"protocol":"TCP"}]}}
        """
    private static let prefix = "__meta_kubernetes_"

    @Test func services() throws {
        let groups = try found(["/api/v1/services": Self.service], "role: service", count: 1)
        #expect(groups.addresses == ["web.shop.svc:80"])
        let p = Self.prefix
        #expect(
            groups[0].labels == [
                "\(p)namespace": "shop", "\(p)service_name": "web", "\(p)service_type": "ClusterIP",
                "\(p)service_cluster_ip": "10.96.0.7", "\(p)service_label_team": "a",
                "\(p)service_labelpresent_team": "true", "\(p)service_port_name": "http",
                "\(p)service_port_number": "80", "\(p)service_port_protocol": "TCP",
            ])
    }

    @Test func nodes() throws {
        let node = """
            {"metadata":{"name":"node-1","labels":{"zone":"a"}},"spec":{"providerID":"aws:///i-1"},"status":{"addresses":[{"type":"Hostname","address":"host-1"},{"type":"InternalIP","address":"10.1.0.1"}],"daemonEndpoints":{"kubeletEndpoint":{"Port":10250}}}}
            """
        let groups = try found(["/api/v1/nodes": node], "role: node", count: 1)
        let p = Self.prefix
        #expect(groups.addresses == ["10.1.0.1:10250"])
        #expect(
            groups[0].labels == [
                "instance": "node-1", "\(p)node_name": "node-1", "\(p)node_provider_id": "aws:///i-1",
                "\(p)node_label_zone": "a", "\(p)node_labelpresent_zone": "true",
                "\(p)node_address_InternalIP": "10.1.0.1", "\(p)node_address_Hostname": "host-1",
            ])
    }

    @Test func ingresses() throws {
        let ingress = """
            {"metadata":{"name":"in","namespace":"shop"},"spec":{"ingressClassName":"nginx","tls":[{"hosts":["*.example.com"]}],"rules":[{"host":"a.example.com","http":{"paths":[{"path":"/x"},{}]}},{"host":"b.other.com"}]}}
            """
        let groups = try found(["/apis/networking.k8s.io/v1/ingresses": ingress], "role: ingress", count: 3)
        let p = Self.prefix
        #expect(groups.addresses == ["a.example.com", "a.example.com", "b.other.com"])
        #expect(groups.map { $0.labels["\(p)ingress_path"] } == ["/x", "/", "/"])
        #expect(groups.map { $0.labels["\(p)ingress_scheme"] } == ["https", "https", "http"])
        #expect(groups[0].labels["\(p)ingress_class_name"] == "nginx" && groups[0].labels["\(p)ingress_name"] == "in")
    }

    @Test func endpointsWithTheirPodsServicesAndNodes() throws {
        let endpoints = """
            {"metadata":{"name":"web","namespace":"shop","labels":{"e":"1"}},"subsets":[{"ports":[{"name":"http","port":8080,"protocol":"TCP"}],"addresses":[{"ip":"10.0.0.1","nodeName":"node-1","targetRef":{"kind":"Pod","namespace":"shop","name":"a"}}],"notReadyAddresses":[{"ip":"10.0.0.9","hostname":"h"}]}]}
            """
        let other = #"{"metadata":{"name":"node-1","labels":{"zone":"z"}}}"#
        let groups = try found(
            [
                "/api/v1/endpoints": endpoints, "/api/v1/services": Self.service,
                "/api/v1/pods": Self.pod("a", ip: "10.0.0.1", version: 1), "/api/v1/nodes": other,
            ], "role: endpoints, attach_metadata: {node: true}", count: 2)
        let p = Self.prefix
        let ready = try #require(groups.labels(of: "10.0.0.1:8080"))
        #expect(ready["\(p)endpoint_ready"] == "true" && ready["\(p)endpoint_address_target_name"] == "a")
        #expect(ready["\(p)pod_name"] == "a" && ready["\(p)pod_container_port_number"] == "8080")
        #expect(ready["\(p)node_label_zone"] == "z" && ready["\(p)service_label_team"] == "a")
        #expect(ready["\(p)endpoints_name"] == "web" && ready["\(p)endpoints_labelpresent_e"] == "true")
        let waiting = try #require(groups.labels(of: "10.0.0.9:8080"))
        #expect(waiting["\(p)endpoint_ready"] == "false" && waiting["\(p)endpoint_hostname"] == "h")
        #expect(waiting["\(p)pod_name"] == nil)
    }

    @Test func endpointSlicesAndPortsThatNoServiceHas() throws {
        let slice = """
            {"metadata":{"name":"web-x","namespace":"shop","labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4","ports":[{"name":"m","port":9000,"protocol":"TCP","appProtocol":"http"}],"endpoints":[{"addresses":["10.0.0.1"],"conditions":{"ready":true,"serving":true,"terminating":false},"hostname":"h","nodeName":"node-1","zone":"z1","targetRef":{"kind":"Pod","namespace":"shop","name":"a"},"deprecatedTopology":{"k/h":"v"}}]}
            """
        let groups = try found(
            [
                "/apis/discovery.k8s.io/v1/endpointslices": slice, "/api/v1/services": Self.service,
                "/api/v1/pods": Self.pod("a", ip: "10.0.0.1", version: 1),
            ], "role: endpointslice", count: 2)
        let p = Self.prefix + "endpointslice_"
        let labels = try #require(groups.labels(of: "10.0.0.1:9000"))
        let own = labels.filter { $0.key.hasPrefix(p) && !$0.key.hasPrefix("\(p)label") }
        #expect(
            own == [
                "\(p)name": "web-x", "\(p)address_type": "IPv4", "\(p)port": "9000", "\(p)port_name": "m",
                "\(p)port_protocol": "TCP", "\(p)port_app_protocol": "http", "\(p)endpoint_conditions_ready": "true",
                "\(p)endpoint_conditions_serving": "true", "\(p)endpoint_conditions_terminating": "false",
                "\(p)endpoint_hostname": "h", "\(p)endpoint_node_name": "node-1", "\(p)endpoint_zone": "z1",
                "\(p)address_target_kind": "Pod", "\(p)address_target_name": "a",
                "\(p)endpoint_topology_k_h": "v", "\(p)endpoint_topology_present_k_h": "true",
            ])
        #expect(labels["\(Self.prefix)service_name"] == "web" && labels["\(Self.prefix)pod_uid"] == "u-a")
        // The pod's own port is a target too.
        #expect(groups.labels(of: "10.0.0.1:8080")?["\(Self.prefix)pod_container_port_name"] == "http")
    }
}
