import Encoding
import Foundation
import HTTP
import Posix
import Telemetry
import TestSupport
import Testing

@testable import Agent

@Suite("Services of Debian", .serialized)
struct ServiceIntegrationTests {
    private static func redis(_ port: UInt16, _ arguments: [String] = []) throws -> RunningService {
        let folder = TemporaryDirectory()
        return try RunningService(
            "/usr/bin/redis-server", ["--port", "\(port)", "--save", "", "--dir", folder.path] + arguments, in: folder
        ) { RunningService.takesConnections(port) }
    }

    private static func command(_ port: UInt16, _ line: String) throws {
        _ = try ServiceConversation.ask(.loopback(port: port), Array("\(line)\r\nQUIT\r\n".utf8)) { _ in false }
    }

    @Test("Redis 7 tells of itself and its values move under load; a password is asked for")
    func redis() throws {
        let port = try RunningService.freePort()
        let server = try Self.redis(port, ["--slowlog-log-slower-than", "0"])
        let integration = RedisIntegration(.loopback(port: port), nil, nil)
        let before = try page(of: integration).samples
        #expect(before["redis_up"] == 1)
        #expect(before.keys.contains { $0.hasPrefix("redis_instance_info") && $0.contains(#"redis_version="7"#) })
        for index in 0..<20 { try Self.command(port, "SET key\(index) value") }
        let after = try page(of: integration).samples
        #expect(after[#"redis_db_keys{db="db0"}"#] == 20)
        #expect(after[#"redis_commands_total{cmd="set"}"#] == 20)
        let commands = "redis_commands_processed_total"
        #expect((after[commands] ?? 0) >= (before[commands] ?? 0) + 20)
        #expect(after["redis_slowlog_length"].map { $0 > 0 } == true)
        #expect(after["redis_last_slow_execution_duration_seconds"] != nil)
        try Self.command(port, "CONFIG SET requirepass secret")
        #expect(throws: CollectorError.self) { try page(of: integration) }
        let known = RedisIntegration(.loopback(port: port), nil, .text(.init("secret")))
        #expect(try page(of: known).samples["redis_up"] == 1)
        withExtendedLifetime(server) {}
    }

    @Test("Sentinel tells of its masters")
    func sentinel() throws {
        let (port, sentinelPort) = (try RunningService.freePort(), try RunningService.freePort())
        let server = try Self.redis(port)
        let folder = TemporaryDirectory()
        let configuration = folder.file("sentinel.conf")
        try "port \(sentinelPort)\nsentinel monitor shop 127.0.0.1 \(port) 1\n"
            .write(toFile: configuration, atomically: true, encoding: .utf8)
        let sentinel = try RunningService("/usr/bin/redis-server", [configuration, "--sentinel"], in: folder) {
            RunningService.takesConnections(sentinelPort)
        }
        let integration = RedisIntegration(.loopback(port: sentinelPort), nil, nil)
        let labels = #"master_address="127.0.0.1:\#(port)",master_name="shop""#
        var samples: [String: Double] = [:]
        let isSeen = RunningService.wait {
            samples = (try? page(of: integration).samples) ?? [:]  // not yet
            return samples["redis_sentinel_master_status{\(labels),master_status=\"ok\"}"] == 1
        }
        #expect(isSeen)
        #expect(samples["redis_sentinel_masters"] == 1)
        #expect(samples["redis_sentinel_master_sentinels{\(labels)}"] == 1)
        withExtendedLifetime((server, sentinel)) {}
    }

    @Test("nginx and HAProxy before it tell of themselves, and their values move under load")
    func proxies() throws {
        let (webPort, frontPort) = (try RunningService.freePort(), try RunningService.freePort())
        let folder = TemporaryDirectory()
        let web = """
            daemon off; pid \(folder.file("nginx.pid")); error_log stderr; worker_processes 1;
            events {}
            http {
                access_log off;
                client_body_temp_path \(folder.path); proxy_temp_path \(folder.path);
                fastcgi_temp_path \(folder.path); uwsgi_temp_path \(folder.path); scgi_temp_path \(folder.path);
                server {
                    listen 127.0.0.1:\(webPort);
                    location = /stub_status { stub_status; }
                    location / { return 200 "hello"; }
                }
            }
            """
        let webFile = folder.file("nginx.conf")
        try web.write(toFile: webFile, atomically: true, encoding: .utf8)
        let nginx = try RunningService("/usr/sbin/nginx", ["-p", folder.path, "-c", webFile], in: folder) {
            RunningService.takesConnections(webPort)
        }
        let socket = folder.file("admin.sock")
        let front = """
            global
                stats socket \(socket) mode 600 level admin
            defaults
                mode http
                timeout connect 20s
                timeout client 20s
                timeout server 20s
            frontend web
                bind 127.0.0.1:\(frontPort)
                default_backend app
            backend app
                server one 127.0.0.1:\(webPort)

            """
        let frontFile = folder.file("haproxy.cfg")
        try front.write(toFile: frontFile, atomically: true, encoding: .utf8)
        let haproxy = try RunningService("/usr/sbin/haproxy", ["-db", "-f", frontFile], in: folder) {
            RunningService.takesConnections(frontPort)
        }
        let client = HTTPClient("services", registry: Registry())
        defer { client.stop() }
        let ofNginx = NginxIntegration("http://127.0.0.1:\(webPort)/stub_status", client)
        let ofHAProxy = HAProxyIntegration(SocketAddress("unix:\(socket)"), "", client)
        let (webBefore, frontBefore) = (try page(of: ofNginx).samples, try page(of: ofHAProxy).samples)
        #expect(webBefore["nginx_up"] == 1 && frontBefore["haproxy_up"] == 1)
        #expect(frontBefore[#"haproxy_frontend_up{frontend="web"}"#] == 1)
        for _ in 0..<25 {
            #expect(try client.answer(to: ClientRequest(.get, "http://127.0.0.1:\(frontPort)/")).status == .ok)
        }
        let (webAfter, frontAfter) = (try page(of: ofNginx).samples, try page(of: ofHAProxy).samples)
        let requests = "nginx_http_requests_total"
        #expect((webAfter[requests] ?? 0) >= (webBefore[requests] ?? 0) + 26)
        let answers = #"haproxy_backend_http_responses_total{backend="app",code="2xx"}"#
        #expect(frontAfter[answers] == (frontBefore[answers] ?? 0) + 25)
        #expect(frontAfter[#"haproxy_server_bytes_out_total{backend="app",server="one"}"#].map { $0 > 0 } == true)
        withExtendedLifetime((nginx, haproxy)) {}
    }

    /// Texts in the form of keepalived 2.2 (`vrrp_data.c`, `vrrp_print.c`), with values of our own.
    @Test("keepalived's dumps and notify lines tell which server is master")
    func keepalived() throws {
        let folder = TemporaryDirectory()
        var files = KeepalivedFiles()
        files.data = folder.file("data")
        files.statistics = folder.file("stats")
        let integration = KeepalivedIntegration(files)
        var none = MetricPage()
        #expect(throws: CollectorError.self) { try integration.update(&none) }
        try """
        ------< VRRP Topology >------
         VRRP Instance = VI_1
           VRRP Version = 2
           State = MASTER
           Last transition = 1780000000.123456 (Thu May 28 20:26:40.123456 2026)
           Interface = ens3
           Priority = 100
           Effective priority = 101
           Virtual Router ID = 51
           Virtual IP (2):
             192.0.2.10/24 dev ens3 scope global
             192.0.2.11/32 dev ens3 scope global
           State timer = 1
         VRRP Instance = VI_2
           State = BACKUP
           Interface = ens4
           Virtual Router ID = 52
        ------< VRRP Scripts >------
           State = idle

        """.write(toFile: files.data, atomically: true, encoding: .utf8)
        try """
        VRRP Instance: VI_1
          Advertisements:
            Received: 3
            Sent: 1234
          Became master: 2
          Released master: 1
          Packet Errors:
            TTL: 5
          Priority Zero:
            Received: 0
            Sent: 7

        """.write(toFile: files.statistics, atomically: true, encoding: .utf8)
        let labels = #"iname="VI_1",intf="ens3""#
        let samples = try page(of: integration).samples
        #expect(samples["keepalived_up"] == 1)
        #expect(samples["keepalived_vrrp_state{\(labels),ip_address=\"192.0.2.10\",vrid=\"51\"}"] == 2)
        #expect(samples[#"keepalived_vrrp_state{iname="VI_1",intf="ens3",ip_address="192.0.2.11",vrid="51"}"#] == 2)
        #expect(samples[#"keepalived_vrrp_state{iname="VI_2",intf="ens4",ip_address="",vrid="52"}"#] == 1)
        #expect(samples["keepalived_vrrp_effective_priority{\(labels),vrid=\"51\"}"] == 101)
        #expect(samples["keepalived_advertisements_sent_total{\(labels),vrid=\"51\"}"] == 1234)
        #expect(samples["keepalived_priority_zero_sent_total{\(labels),vrid=\"51\"}"] == 7)
        #expect(samples["keepalived_ip_ttl_errors_total{\(labels),vrid=\"51\"}"] == 5)
        #expect(samples["keepalived_become_master_total{\(labels),vrid=\"51\"}"] == 2)
        files.notify = folder.file("notify")
        try "INSTANCE \"VI_1\" BACKUP 90\nINSTANCE \"VI_1\" FAULT 90\nGROUP \"G\" MASTER 0\n"
            .write(toFile: folder.file("notify"), atomically: true, encoding: .utf8)
        let notified = try page(of: KeepalivedIntegration(files)).samples
        #expect(notified[#"keepalived_vrrp_state{iname="VI_1",intf="ens3",ip_address="192.0.2.11",vrid="51"}"#] == 3)
    }
}
