import Foundation
import TestSupport
import Testing

/// The programs that people ask a Prometheus with, started for real, get from obs what they get from Debian's Prometheus.
@Suite(.serialized) struct ClientTests {
    private let folder: TemporaryFolder
    private let obs: RunningObs
    private let peer: RunningPrometheus
    /// Both know everything up to this second.
    private let time: Int

    private static let expression = "sum by (job) (prometheus_tsdb_head_samples_appended_total)"

    init() throws {
        folder = try TemporaryFolder()
        obs = try RunningObs(data: folder.path + "/obs")
        peer = try RunningPrometheus(folder: folder.path, writingTo: obs.address)
        time = try peer.timeOfAnAnswer(to: Self.expression)
        let encoded = try #require(Self.expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let path = "/api/v1/query?time=\(time)&query=\(encoded)"
        let expected = try peer.get(path)
        let deadline = Date(timeIntervalSinceNow: RunningObs.patienceSeconds)
        while try obs.get(path).body != expected, Date() < deadline { Thread.sleep(forTimeInterval: 0.05) }
    }

    private func run(_ command: String) throws -> String {
        let finished = try Obs.shell("bash", command)
        #expect(finished.code == 0, "\(command): \(finished.complaints)")
        return finished.output
    }

    /// Runs a command against both; `SERVER` stands for the URL.
    private func expectSame(_ command: String) throws {
        let ours = try run(command.replacing("SERVER", with: "http://\(obs.address)"))
        let theirs = try run(command.replacing("SERVER", with: "http://\(peer.address)"))
        #expect(ours == theirs, "\(command)")
        #expect(!theirs.isEmpty, "\(command) has no answer to compare")
    }

    @Test func promtoolAsksBothAlike() throws {
        for form in ["promql", "json"] {
            try expectSame("promtool query instant -o \(form) --time=\(time) SERVER '\(Self.expression)'")
            try expectSame(
                "promtool query range -o \(form) --start=\(time - 5) --end=\(time) --step=1s SERVER '\(Self.expression)'"
            )
        }
        // Of the series that both have: obs records its own as well.
        let own = "--match='up{job=\"self\"}'"
        try expectSame("promtool query series \(own) SERVER")
        try expectSame("promtool query labels \(own) SERVER job")
        try expectSame("promtool query labels SERVER \(own) --start=\(time - 60) --end=\(time) instance")
        let wrong = try Obs.shell("bash", "promtool query instant http://\(obs.address) 'sum('")
        #expect(wrong.code != 0)
        #expect(wrong.complaints.contains("bad_data"))
        #expect(try run("curl -s http://\(obs.address)/metrics | promtool check metrics").isEmpty)
    }

    @Test func statisticsCountWhatPrometheusCounts() throws {
        let expressions = [
            #"up{job="self"}"#, #"sum(rate(prometheus_http_requests_total{job="self"}[5s]))"#,
            #"max_over_time(rate(process_cpu_seconds_total{job="self"}[3s])[5s:2s])"#,
            #"up{job="self"} + up{job="self"} offset 2s"#, #"up{job="self"} @ end()"#,
            #"vector(scalar(up{job="self"}))"#, #"topk(2, prometheus_http_requests_total{job="self"}) > 0"#,
            #"absent(up{job="self"})"#, "time()",
        ]
        // Steps of subqueries lie on even seconds; no range here ends on one of them.
        let end = time / 2 * 2
        let shown = """
            python3 -c 'import json, sys; s = json.load(sys.stdin)["data"]["stats"]["samples"]; \
            print(s["totalQueryableSamples"], [[float(t), n] for t, n in s["totalQueryableSamplesPerStep"]])'
            """
        for expression in expressions {
            let query = try #require(expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            let range = "start=\(end - 4)&end=\(end)&step=2&stats=all&query=\(query)"
            try expectSame("curl -s 'SERVER/api/v1/query_range?\(range)' | \(shown)")
            try expectSame("curl -s 'SERVER/api/v1/query?time=\(end)&stats=all&query=\(query)' | \(shown)")
        }
    }

    @Test func theTableOfAQueryIsTheSameFromARealPrometheus() throws {
        try expectSame("obs query --server SERVER --at \(time) '\(Self.expression)'")
        try expectSame(
            "obs query --server SERVER --from \(time - 5) --to \(time) --step 1 prometheus_http_requests_total -o csv")
        try expectSame(
            "obs query --server SERVER --from \(time - 5) --to \(time) --step 1 'rate(process_cpu_seconds_total{job=\"self\"}[3s])' -o table"
        )
        try expectSame("obs query --server SERVER 'sum(' 2>&1; true")
    }

    @Test(
        .enabled(if: Peer.exists(pythonModule: "prometheus_api_client"), "scripts/test installs prometheus-api-client"))
    func thePythonPackageWorks() throws {
        let script = """
            import datetime, sys
            from prometheus_api_client import PrometheusConnect
            client = PrometheusConnect(url=sys.argv[1], disable_ssl=True)
            end = datetime.datetime.fromtimestamp(int(sys.argv[2]))
            start = end - datetime.timedelta(seconds=5)
            up = 'up{job="self"}'
            assert client.check_prometheus_connection()
            assert "up" in client.all_metrics()
            assert "job" in client.get_label_names()
            assert "self" in client.get_label_values("job")
            assert client.get_current_metric_value("up", {"job": "self"})[0]["value"][1] == "1"
            assert client.custom_query(up, {"time": sys.argv[2]})[0]["metric"]["job"] == "self"
            values = client.custom_query_range(up, start, end, "1")[0]["values"]
            assert values[-1] == [int(sys.argv[2]), "1"], values
            assert client.get_metric_range_data(up, start_time=start, end_time=end)[0]["values"]
            assert client.get_series(start, end, params={"match[]": up})[0]["job"] == "self"
            print("done")
            """
        let answer = try Peer.python(script, "http://\(obs.address)", "\(time)").run(input: [])
        #expect(answer.output == "done\n")
    }

    /// What Grafana's Prometheus data source sends: its test, the boxes of its editor, panels and explore.
    @Test func grafanaGetsItsAnswers() throws {
        let start = time - 60
        let form = "-H 'Content-Type: application/x-www-form-urlencoded' -H 'X-Dashboard-Uid: abc' -H 'X-Panel-Id: 2'"
        let range = "start=\(start)&end=\(time)"
        let requests = [
            // "Save & test", and what the version is for.
            "-d 'query=1%2B1&time=\(time).123' URL/api/v1/query", "URL/api/v1/status/buildinfo",
            // A panel, as a form and as a URL; steps as a number with a fraction and as a duration.
            "\(form) -d 'query=up&\(range)&step=15' URL/api/v1/query_range",
            "\(form) -d 'query=up&start=\(start).250&end=\(time).750&step=0.5' URL/api/v1/query_range",
            "'URL/api/v1/query_range?query=up&\(range)&step=15s'",
            "\(form) -d 'query=rate(prometheus_http_requests_total%5B15s%5D)&\(range)&step=1m0s' URL/api/v1/query_range",
            // Variables and the editor.
            "'URL/api/v1/labels?\(range)'", "\(form) -d 'match[]=up&\(range)' URL/api/v1/labels",
            "-g 'URL/api/v1/labels?match[]=up&\(range)&limit=40000'",
            "-g 'URL/api/v1/label/job/values?\(range)&match[]=up'", "'URL/api/v1/label/__name__/values?\(range)'",
            "-g 'URL/api/v1/label/U__job/values?match[]={__name__=\"up\"}&\(range)'",
            "-g 'URL/api/v1/series?match[]=up&match[]={job=\"self\"}&\(range)'",
            "\(form) -d 'match[]=up&\(range)' URL/api/v1/series",
            "'URL/api/v1/metadata'", "'URL/api/v1/metadata?limit=5&limit_per_metric=1'",
            "'URL/api/v1/query_exemplars?query=prometheus_http_request_duration_seconds_bucket&\(range)'",
            "\(form) -d 'query=up&\(range)' URL/api/v1/query_exemplars",
            "'URL/api/v1/format_query?query=foo%2Fbar'", "\(form) -d 'query=foo%2Fbar' URL/api/v1/parse_query",
            "'URL/api/v1/status/flags'", "'URL/api/v1/status/runtimeinfo'", "'URL/api/v1/status/config'",
        ]
        for request in requests {
            let answer = try run("curl -sS --compressed \(request.replacing("URL", with: "http://\(obs.address)"))")
            let json = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
            #expect(json?["status"] as? String == "success", "\(request): \(answer)")
            #expect(json?["data"] != nil, "\(request): \(answer)")
        }
        let head = try run("curl -sSI 'http://\(obs.address)/api/v1/query?query=1'")
        #expect(head.hasPrefix("HTTP/1.1 200") && head.lowercased().contains("content-type: application/json"))
        let options = try run("curl -sS -X OPTIONS -D - http://\(obs.address)/api/v1/query_range")
        #expect(options.lowercased().contains("allow: get, head, post, options"))
    }

    /// Prometheus asks for chunks; what it makes of them is what obs says itself.
    @Test func aRealPrometheusReadsFromObs() throws {
        let reader = try RunningPrometheus(folder: folder.path, name: "reader") { _ in
            """
            global: {scrape_interval: 1h}
            remote_read: [{url: 'http://\(obs.address)/api/v1/read', read_recent: true}]
            """
        }
        _ = try reader.timeOfAnAnswer(to: "vector(1)")
        let expressions = [
            Self.expression, "count by (__name__) ({job=\"self\"})", "rate(process_cpu_seconds_total[4s])",
            "sum(go_memstats_alloc_bytes{job=~\"se.*\", instance!=\"x\"})", "up{job=\"none\"}",
        ]
        for expression in expressions {
            let encoded = try #require(expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            for path in [
                "/api/v1/query?time=\(time)&query=\(encoded)",
                "/api/v1/query_range?start=\(time - 8)&end=\(time)&step=1&query=\(encoded)",
            ] {
                let said = try [reader.address, obs.address].map { try run("curl -sS 'http://\($0)\(path)'") }
                #expect(try sorted(said[0]) == sorted(said[1]), "\(expression)")
            }
        }
    }

    /// An answer's series in an order of their own: the order of an instant vector is nobody's promise.
    private func sorted(_ body: String) throws -> [String] {
        let json = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
        let result = (json?["data"] as? [String: Any])?["result"] as? [Any]
        return try #require(result, "\(body)").map {
            String(decoding: try JSONSerialization.data(withJSONObject: $0, options: .sortedKeys), as: UTF8.self)
        }.sorted()
    }

    /// Another Prometheus scrapes the page, and finds in it what obs has.
    @Test func aRealPrometheusFederates() throws {
        let reader = try RunningPrometheus(folder: folder.path, name: "federation") { _ in
            """
            global: {scrape_interval: 1s}
            scrape_configs:
              - job_name: federate
                honor_labels: true
                metrics_path: /federate
                params: {'match[]': ['{__name__=~"prometheus_build_info|up"}']}
                static_configs: [{targets: ['\(obs.address)']}]
            """
        }
        _ = try reader.timeOfAnAnswer(to: "prometheus_build_info{job=\"self\", instance=\"\(peer.address)\"}")
        #expect(try reader.get("/api/v1/query?query=up%7Bjob%3D%22federate%22%7D").contains(#","1"]}"#))
    }

    /// A few parts of Prometheus' own scripts over HTTP, others in each run; scripts/prove asks all of them.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["OBS_CONFORMANCE"] != nil, "OBS_CONFORMANCE is not set"))
    func theScriptsOfPrometheusHoldOverHTTP() throws {
        let seed = UInt32.random(in: .min ... .max)
        print("promqltest over HTTP with the seed \(seed)")
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Peers/promqltest_over_http.py").path
        let folder = try #require(ProcessInfo.processInfo.environment["OBS_CONFORMANCE"]) + "/promqltest"
        let answer = try Peer(["python3", script, Obs.path, folder, "\(seed)", "8"]).run(input: [])
        #expect(answer.status == 0, "\(answer.output)")
    }
}
