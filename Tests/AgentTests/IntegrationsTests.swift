import Encoding
import HTTP
import Posix
import Telemetry
import TestSupport
import Testing
import Text

@testable import Agent

@Suite("Integrations")
struct IntegrationsTests {
    private static func page(_ fill: (inout MetricPage) throws -> Void) rethrows -> ReadPage {
        var page = MetricPage()
        try fill(&page)
        var bytes: [UInt8] = []
        page.append(to: &bytes)
        return ReadPage(String(decoding: bytes, as: UTF8.self))
    }

    /// The page as nginx's documentation of ngx_http_stub_status_module shows it.
    @Test("read nginx's status")
    func nginx() {
        let text = """
            Active connections: 291 
            server accepts handled requests
             16630948 16630946 31070465 
            Reading: 6 Writing: 179 Waiting: 106 

            """
        #expect(NginxIntegration.numbers(text) == [291, 16_630_948, 16_630_946, 31_070_465, 6, 179, 106])
        #expect(NginxIntegration.numbers("<html>404</html>") == nil)
    }

    /// In the format `combined` of nginx's ngx_http_log_module, with values of our own.
    @Test("read lines of nginx's access log")
    func accessLogLines() {
        func answer(_ line: String) -> NginxAccessLog.Answer? { NginxAccessLog.answer(Array(line.utf8)[...]) }
        let line = #"192.0.2.7 - kim [21/Nov/2026:10:00:00 +0000] "POST /a?b=1 HTTP/1.1" 201 612 "-" "curl/8 (x) 9""#
        #expect(answer(line) == NginxAccessLog.Answer(method: "POST", status: "201", bytes: 612, seconds: nil))
        #expect(answer(line + " 0.025")?.seconds == 0.025)
        #expect(answer(line + " rt=1.5")?.seconds == 1.5)
        // A request that is none, as of a TLS handshake on a plain port.
        #expect(answer(#"::1 - - [x] "\x16\x03\x01" 400 157 "-" "-""#)?.status == "400")
        #expect(answer(#"::1 - - [x] "" 400 0 "-" "-""#)?.method == "")
        for bad in ["", "no quotes", #"a "GET /""#, #"a "GET / HTTP/1.1" 2000 1"#, #"a "GET /" 200 -1 "-" "-""#] {
            #expect(answer(bad) == nil, "\(bad)")
        }
    }

    @Test("count what comes to nginx's access log, through rotation")
    func accessLog() throws {
        let folder = TemporaryDirectory()
        let path = folder.file("access.log")
        func write(_ lines: [String], to path: String) throws {
            let system = LocalFileSystem()
            let file = try File(path, .append, in: system)
            try file.append(Array(lines.map { $0 + "\n" }.joined().utf8).span)
        }
        func line(_ method: String, _ status: Int) -> String {
            #"::1 - - [21/Nov/2026:10:00:00 +0000] "\#(method) / HTTP/1.1" \#(status) 10 "-" "-" 0.5"#
        }
        let log = NginxAccessLog(path)
        func samples() throws -> [String: Double] {
            try Self.page { try log.update(&$0) }.samples
        }
        let count = "nginx_http_response_count_total"
        #expect(try samples()["nginx_parse_errors_total"] == 0)
        try write([line("GET", 200)], to: path)
        // What was there at the first look is no event of now.
        #expect(try samples()[count + #"{method="GET",status="200"}"#] == nil)
        try write([line("GET", 200), line("GET", 404), line("BREW", 200), "no line"], to: path)
        let first = try samples()
        #expect(first[count + #"{method="GET",status="200"}"#] == 1)
        #expect(first[count + #"{method="other",status="200"}"#] == 1)
        #expect(first["nginx_http_response_size_bytes" + #"{method="GET",status="404"}"#] == 10)
        #expect(first["nginx_http_response_time_seconds_sum" + #"{method="GET",status="404"}"#] == 0.5)
        #expect(first["nginx_parse_errors_total"] == 1)
        // Written to the old name's file after the rename, and to the new one.
        try LocalFileSystem().rename(path, to: folder.file("access.log.1"))
        try write([line("GET", 200)], to: folder.file("access.log.1"))
        try write([line("GET", 200), line("GET", 200)], to: path)
        #expect(try samples()[count + #"{method="GET",status="200"}"#] == 4)
        try write([line("GET", 500)], to: path)
        #expect(try samples()[count + #"{method="GET",status="500"}"#] == 1)
    }

    /// Answers in the form of Docker's Engine API 1.43, with values of our own.
    @Test("read Docker's containers over its socket")
    func docker() throws {
        let folder = TemporaryDirectory()
        var router = Router()
        router.get("/containers/json", role: nil) { request, response in
            guard request.values("all") == ["1"] else { return response.send(.badRequest) }
            response.send(
                """
                [{"Id": "8dfafdbc3a40", "Names": ["/shop"], "Image": "shop:1", "State": "running",
                  "Status": "Up 2 minutes (unhealthy)", "Created": 1795219200},
                 {"Id": "9cd87474be90", "Names": ["/job"], "Image": "job:2", "State": "exited",
                  "Status": "Exited (0) 3 days ago", "Created": 1795219100}]
                """)
        }
        router.get("/containers/8dfafdbc3a40/stats", role: nil) { _, response in
            response.send(
                """
                {"cpu_stats": {"cpu_usage": {"total_usage": 100215355}}, "pids_stats": {"current": 3},
                 "memory_stats": {"usage": 6537216, "limit": 67108864, "stats": {"inactive_file": 1537216}},
                 "networks": {"eth0": {"rx_bytes": 5338, "tx_bytes": 648, "rx_dropped": 1}}}
                """)
        }
        let server = try Server(router: router, registry: Registry())
        try server.start()
        defer { server.stop(drainingAtMostNs: 0) }
        let socket = folder.file("docker.sock")
        _ = try server.listen(on: try #require(SocketAddress("unix:\(socket)")))
        let client = HTTPClient("docker", registry: Registry())
        defer { client.stop() }
        let docker = DockerIntegration(socket, client)
        let samples = try Self.page { try docker.update(&$0) }.samples
        #expect(samples["docker_up"] == 1)
        #expect(samples[#"docker_containers{state="running"}"#] == 1)
        #expect(samples[#"docker_containers{state="exited"}"#] == 1)
        #expect(samples[#"docker_containers{state="dead"}"#] == 0)
        let shop = #"{id="8dfafdbc3a40",image="shop:1""#
        #expect(samples["docker_container_info" + shop + #",name="shop",state="running"}"#] == 1)
        #expect(samples["docker_container_healthy" + shop + #",name="shop"}"#] == 0)
        #expect(samples["docker_container_cpu_usage_seconds_total" + shop + #",name="shop"}"#] == 0.100215355)
        #expect(samples["docker_container_memory_working_set_bytes" + shop + #",name="shop"}"#] == 5_000_000)
        #expect(
            samples["docker_container_network_receive_bytes_total" + shop + #",interface="eth0",name="shop"}"#] == 5338)
        #expect(samples.keys.contains { $0.contains("healthy") && $0.contains("job") } == false)
        let nobody = DockerIntegration(folder.file("none.sock"), client)
        var page = MetricPage()
        #expect(throws: CollectorError.self) { try nobody.update(&page) }
    }

    @Test("read HAProxy's statistics by proxy and server")
    func haproxy() {
        let csv = """
            # pxname,svname,qcur,scur,smax,slim,stot,bin,bout,status,weight,hrsp_2xx,hrsp_5xx,
            web,FRONTEND,,3,5,2000,17,100,200,OPEN,,15,2,
            app,one,0,1,2,,9,50,60,UP,100,8,1,
            app,two,0,0,0,,0,0,0,DOWN,100,0,0,
            app,BACKEND,1,1,2,200,9,50,60,UP,200,8,1,
            """
        var isRead = false
        let page = Self.page { isRead = HAProxyIntegration.add(csv, &$0) }
        #expect(isRead)
        #expect(page.samples[#"haproxy_frontend_current_sessions{frontend="web"}"#] == 3)
        #expect(page.samples[#"haproxy_server_up{backend="app",server="one"}"#] == 1)
        #expect(page.samples[#"haproxy_server_up{backend="app",server="two"}"#] == 0)
        #expect(page.samples[#"haproxy_backend_http_responses_total{backend="app",code="5xx"}"#] == 1)
        #expect(page.samples[#"haproxy_backend_current_queue{backend="app"}"#] == 1)
        var other = MetricPage()
        let isOther = HAProxyIntegration.add("HTTP/1.1 404", &other)
        #expect(!isOther)
    }

    @Test("read what Redis tells of itself")
    func redis() {
        let info = """
            # Server\r
            redis_version:7.0.15\r
            redis_mode:standalone\r
            role:master\r
            connected_clients:3\r
            used_memory:1048576\r
            total_commands_processed:42\r
            cmdstat_get:calls=21,usec=175,usec_per_call=8.33\r
            db0:keys=5,expires=2,avg_ttl=0\r

            """
        let page = Self.page { RedisIntegration.add(info, &$0) }
        #expect(page.samples["redis_connected_clients"] == 3)
        #expect(page.samples["redis_memory_used_bytes"] == 1_048_576)
        #expect(page.samples["redis_commands_processed_total"] == 42)
        #expect(page.samples[#"redis_commands_total{cmd="get"}"#] == 21)
        #expect(page.samples[#"redis_commands_duration_seconds_total{cmd="get"}"#] == 0.000175)
        #expect(page.samples[#"redis_db_keys_expiring{db="db0"}"#] == 2)
        #expect(page.samples.keys.contains { $0.hasPrefix("redis_instance_info") && $0.contains("7.0.15") })
    }

    /// Files as the kernel's documentation of cgroup-v2 describes them.
    @Test("read control groups and leave out those that nobody wants")
    func cgroups() throws {
        let directory = TemporaryDirectory()
        let files = LocalFileSystem()
        func write(_ path: String, _ text: String) throws {
            try files.createDirectories(FilePath.parent(of: directory.file(path)))
            try files.replaceFile(directory.file(path), with: Array(text.utf8).span)
        }
        let unit = "fs/cgroup/system.slice/web.service"
        try write("fs/cgroup/cgroup.controllers", "cpu memory io\n")
        try write("\(unit)/cpu.stat", "usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\nnr_throttled 2\n")
        try write("\(unit)/memory.current", "4096\n")
        try write("\(unit)/memory.stat", "anon 1000\nfile 2000\ninactive_file 96\n")
        try write("\(unit)/memory.max", "max\n")
        try write("\(unit)/memory.events", "low 0\noom_kill 3\n")
        try write("\(unit)/io.stat", "254:0 rbytes=10 wbytes=20 rios=1 wios=2\n")
        try write("\(unit)/cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=250000\n")
        try write("fs/cgroup/system.slice/other.mount/memory.current", "1\n")
        let integration = CgroupIntegration(
            HostFiles(sysfs: directory.path), try NameFilter(include: #"\.service$"#))
        let page = try Self.page { try integration.update(&$0) }
        let labels = #"{id="/system.slice/web.service",name="web.service"}"#
        #expect(page.samples["container_cpu_usage_seconds_total\(labels)"] == 1.5)
        #expect(page.samples["container_memory_working_set_bytes\(labels)"] == 4000)
        #expect(page.samples["container_oom_events_total\(labels)"] == 3)
        #expect(page.samples["container_spec_memory_limit_bytes\(labels)"] == nil)
        #expect(page.samples["container_pressure_cpu_waiting_seconds_total\(labels)"] == 0.25)
        #expect(
            page.samples[
                #"container_fs_writes_bytes_total{device="254:0",id="/system.slice/web.service",name="web.service"}"#]
                == 20)
        #expect(!page.samples.keys.contains { $0.contains("other.mount") })
    }

    @Test("of one kind stand together, told apart by their labels, and a second with the same labels is refused")
    func several() throws {
        func options(_ text: String) -> (IntegrationOptions, ConfigurationReport) {
            let report = ConfigurationReport()
            let reader = YAMLReader(file: "agent.yaml", report: report)
            let bytes = Array(text.utf8)
            let section = reader.document(bytes.span).flatMap { reader.section($0, "integrations") }
            return (section.map(IntegrationOptions.init) ?? IntegrationOptions(), report)
        }
        // Nobody listens on port 1.
        let (good, report) = options(
            """
            redis:
              - {address: 127.0.0.1:1, labels: {name: a}}
              - {address: 127.0.0.1:1, labels: {name: b}}
            """)
        #expect(report.isClean)
        let registry = Registry()
        let client = HTTPClient("integrations", registry: registry)
        defer { client.stop() }
        let failures = Lock(0)
        let metrics = good.metrics(
            IntegrationContext(host: HostFiles(), client: client), patienceNs: 2_000_000_000
        ) { _, _ in failures.withLock { $0 += 1 } }
        var bytes: [UInt8] = []
        metrics.append(to: &bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("# TYPE redis_up gauge\nredis_up{name=\"a\"} 0\nredis_up{name=\"b\"} 0\n"))
        #expect(failures.withLock { $0 } == 2)
        let (_, twice) = options("redis: [{address: 127.0.0.1:1}, {address: 127.0.0.1:2}]")
        #expect(
            twice.errors.map(\.description) == [
                "agent.yaml:1:33: two of redis have the same labels; tell them apart by labels: {...}"
            ])
        let (_, unknown) = options("redsi: {}")
        #expect(unknown.errors.first.map { "\($0)".contains(#"did you mean "redis"?"#) } == true)
    }

    @Test("sum up the processes of a group")
    func processes() throws {
        let integration = ProcessIntegration(
            HostFiles(),
            [.init(name: "tests", members: .matching(try RegularExpression("xctest|swiftpm-testing")))])
        let page = try Self.page { try integration.update(&$0) }
        #expect(page.samples[#"namedprocess_namegroup_num_procs{groupname="tests"}"#].map { $0 >= 1 } == true)
        #expect(
            page.samples[#"namedprocess_namegroup_memory_bytes{groupname="tests",memtype="resident"}"#]
                .map { $0 > 1_000_000 } == true)
    }

    @Test("sum up the processes of a unit")
    func processesOfUnit() throws {
        let folder = TemporaryDirectory()
        for (pid, path) in [
            (10, "/system.slice/nginx.service"), (11, "/system.slice/nginx.service/worker"),
            (12, "/system.slice/nginx.service.d"), (13, "/user.slice"),
        ] {
            let process = folder.file("\(pid)")
            try LocalFileSystem().createDirectory(process)
            let fields = "S 1 1 1 0 -1 0 0 0 0 0 100 50 0 0 20 0 2 0 500 4096 3 0"
            for (name, text) in [
                ("comm", "nginx"), ("cmdline", "nginx"), ("stat", "\(pid) (nginx) \(fields)"),
                ("cgroup", "0::\(path)\n"),
            ] {
                try LocalFileSystem().replaceFile("\(process)/\(name)", with: Array(text.utf8).span)
            }
        }
        let integration = ProcessIntegration(
            HostFiles(procfs: folder.path), [.init(name: "web", members: .unit("nginx.service"))])
        let page = try Self.page { try integration.update(&$0) }
        #expect(page.samples[#"namedprocess_namegroup_num_procs{groupname="web"}"#] == 2)
        #expect(page.samples[#"namedprocess_namegroup_num_threads{groupname="web"}"#] == 4)
    }
}
