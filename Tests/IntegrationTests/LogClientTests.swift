import Encoding
import Foundation
import TestSupport
import Testing

/// The programs and packages that people send logs with, started for real.
@Suite struct LogClientTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private struct Entry {
        var stream: JSONValue
        var line: String
        var metadata: JSONValue
    }

    private func entries(_ server: RunningObs, _ selector: String) throws -> [Entry] {
        let finished = try Obs.run(["export", "--logs", "--sort", "--server", "http://\(server.address)", selector])
        #expect(finished.code == 0, "\(finished.complaints)")
        return try finished.output.split(separator: "\n").map { line in
            let json = try JSONValue.parse(Array(line.utf8).span)
            return Entry(
                stream: json["stream"] ?? .null, line: json["line"]?.text ?? "", metadata: json["metadata"] ?? .null)
        }
    }

    private func run(_ script: String, _ server: RunningObs) throws {
        let answer = try Peer.python(script + "\nprint('done')\n", "http://\(server.address)").run(input: [])
        #expect(answer.status == 0 && answer.output.hasSuffix("done\n"), "\(answer.output)")
    }

    @Test(.enabled(if: Peer.exists(pythonModule: "opentelemetry.sdk"), "scripts/test installs opentelemetry-sdk"))
    func openTelemetrySendsLogsAndSpans() throws {
        let server = try RunningObs(data: folder.path + "/data")
        try run(
            """
            import logging, sys
            from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
            from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            resource = Resource.create({"service.name": "shop", "host.name": "h1"})
            tracing, provider = TracerProvider(resource=resource), LoggerProvider(resource=resource)
            tracing.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=sys.argv[1] + "/v1/traces")))
            exporter = OTLPLogExporter(endpoint=sys.argv[1] + "/otlp/v1/logs")
            provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
            log = logging.getLogger("lib")
            log.addHandler(LoggingHandler(logger_provider=provider))
            with tracing.get_tracer("lib").start_as_current_span("GET /", attributes={"http.status": 500}):
                log.warning("order %d placed", 7, extra={"order": 7})
            provider.shutdown()
            tracing.shutdown()
            """, server)
        let all = try entries(server, #"{service_name="shop"}"#)
        let log = try #require(all.first { $0.stream["telemetry"] == nil })
        #expect(log.line == "order 7 placed" && log.metadata["order"]?.text == "7")
        #expect(log.metadata["severity_text"]?.text == "WARN" && log.metadata["host_name"]?.text == "h1")
        let span = try #require(all.first { $0.stream["telemetry"]?.text == "traces" })
        let fields = try JSONValue.parse(Array(span.line.utf8).span)
        #expect(fields["name"]?.text == "GET /" && fields["attributes"]?["http.status"]?.int == 500)
        #expect(fields["trace_id"]?.text?.count == 32 && fields["trace_id"] == log.metadata["trace_id"])
        #expect(fields["span_id"] == log.metadata["span_id"] && all.count == 2)
    }

    @Test(.enabled(if: Peer.exists(pythonModule: "logging_loki"), "scripts/test installs python-logging-loki"))
    func pythonLoggingLokiSends() throws {
        let server = try RunningObs(data: folder.path + "/data")
        try run(
            """
            import logging, logging_loki, sys
            log = logging.getLogger("plain")
            url = sys.argv[1] + "/loki/api/v1/push"
            log.addHandler(logging_loki.LokiHandler(url=url, tags={"app": "py"}, version="1"))
            log.error("by loki's %s", "handler", extra={"tags": {"kind": "test"}})
            """, server)
        let all = try entries(server, #"{app="py",kind="test",severity="error"}"#)
        #expect(all.map(\.line) == ["by loki's handler"])
    }

    @Test(.enabled(if: Peer.exists(pythonModule: "elasticsearch"), "scripts/test installs elasticsearch"))
    func elasticsearchHelpersBulkSends() throws {
        let server = try RunningObs(data: folder.path + "/data")
        try run(
            """
            import sys
            from elasticsearch import Elasticsearch, helpers
            client = Elasticsearch(sys.argv[1])
            assert client.ping() and client.info()["version"]["number"]
            def action(i):
                return {"_index": "web", "_op_type": "create", "n": i, "@timestamp": "2026-11-21T00:00:00.%03dZ" % i}
            assert helpers.bulk(client, map(action, range(500))) == (500, [])
            compressed = Elasticsearch(sys.argv[1], http_compress=True)
            assert helpers.bulk(compressed, map(action, range(500, 600))) == (100, [])
            assert all(ok for ok, _ in helpers.streaming_bulk(client, [{"_index": "other", "n": 1}]))
            """, server)
        let numbers = try entries(server, #"{index="web"}"#).map {
            try JSONValue.parse(Array($0.line.utf8).span)["n"]?.int
        }
        #expect(numbers == Array(0..<600))
        #expect(try entries(server, #"{index="other"}"#).count == 1)
        #expect(try server.get("/").body.contains("<title>obs</title>"))
    }

    /// As logcli's `--tail` asks: what was there, then what comes.
    @Test(.enabled(if: Peer.exists(pythonModule: "websockets"), "scripts/test installs websockets"))
    func aWebSocketTails() throws {
        let server = try RunningObs(data: folder.path + "/data")
        try run(
            """
            import asyncio, json, sys, time, urllib.parse, urllib.request, websockets
            url = sys.argv[1]
            def push(first):
                values = [[str(time.time_ns() + i), f"line {first + i}"] for i in range(100)]
                body = json.dumps({"streams": [{"stream": {"app": "t"}, "values": values}]}).encode()
                urllib.request.urlopen(
                    urllib.request.Request(url + "/loki/api/v1/push", body, {"Content-Type": "application/json"}))
            async def lines(tail):
                message = json.loads(await asyncio.wait_for(tail.recv(), 20))
                assert all(stream["stream"] == {"app": "t"} for stream in message["streams"])
                return [value[1] for stream in message["streams"] for value in stream["values"]]
            async def follow():
                query = {"query": '{app="t"} != "line 150"', "limit": 30, "delay_for": 0, "start": time.time_ns() - 10**12}
                address = url.replace("http", "ws", 1) + "/loki/api/v1/tail?" + urllib.parse.urlencode(query)
                async with websockets.connect(address) as tail:
                    seen = await lines(tail)
                    assert seen == [f"line {i}" for i in range(70, 100)], seen
                    push(100)
                    while len(seen) < 129:
                        seen += await lines(tail)
                    assert seen == [f"line {i}" for i in range(70, 200) if i != 150], seen
            push(0)
            asyncio.run(follow())
            """, server)
    }

    @Test(
        .enabled(if: (try? Peer(["rsyslogd", "-v"]).run(input: []))?.status == 0, "scripts/test installs rsyslog"),
        arguments: [false, true])
    func rsyslogSends(overTLS: Bool) throws {
        let made = try Peer([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder.path + "/key.pem",
            "-out", folder.path + "/chain.pem",
        ]).run(input: [])
        #expect(made.status == 0, "\(made.output)")
        let port = try RunningProgram.freePort()
        let tls = overTLS ? ", tls: {cert_file: chain.pem, key_file: key.pem}" : ""
        let configuration = try folder.write(
            "logs: {syslog: [{listen: '127.0.0.1:\(port)', protocol: \(overTLS ? "tls" : "tcp")\(tls)}]}\n",
            to: "obs.yaml")
        let server = try RunningObs("--config", configuration, data: folder.path + "/data")
        let lines = (0..<1000).map { "line \($0) of many" }
        _ = try folder.write(lines.joined(separator: "\n") + "\n", to: "in.log")
        let driver =
            #" StreamDriver="ossl" StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="localhost""#
        let action = #"action(type="omfwd" target="127.0.0.1" port="\#(port)" protocol="tcp""#
        // Over TLS lines as RFC 3164 has them, ended by line breaks; otherwise counted ones of RFC 5424.
        let form =
            overTLS
            ? driver + #" template="RSYSLOG_ForwardFormat")"#
            : #" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format")"#
        let rsyslog = try folder.write(
            """
            global(workDirectory="\(folder.path)" DefaultNetstreamDriverCAFile="\(folder.path)/chain.pem")
            module(load="imfile" mode="polling" PollingInterval="1")
            input(type="imfile" File="\(folder.path)/in.log" Tag="app:")
            \(action)\(form)

            """, to: "rsyslog.conf")
        let sender = try RunningProgram("rsyslogd") { _ in ["-n", "-f", rsyslog, "-i", folder.path + "/pid"] }
        defer { sender.end() }
        let deadline = Date(timeIntervalSinceNow: RunningObs.patienceSeconds)
        var got: [Entry] = []
        repeat {
            got = try entries(server, #"{app="app",facility="local0",source="syslog"}"#)
        } while got.count < lines.count && Date() < deadline
        #expect(got.map(\.line).sorted() == lines.sorted())
        #expect(got.allSatisfy { $0.metadata["level"]?.text == "notice" })
    }

    /// As Vector's loki sink writes them with `encoding: json` and `compression: gzip`, and its elasticsearch sink.
    @Test func vectorsRequestsAreTaken() throws {
        let server = try RunningObs(data: folder.path + "/data")
        func post(_ path: String, _ body: String, _ headers: [String]) throws -> String {
            let file = try folder.write(body, to: "body")
            let fields = headers.map { "-H '\($0)'" }.joined(separator: " ")
            let command =
                "gzip -c \(file) | curl -sS -w '%{http_code}' \(fields) -H 'Content-Encoding: gzip' "
                + "-H 'User-Agent: Vector/0.44.0 (x86_64-unknown-linux-gnu)' --data-binary @- http://\(server.address)\(path)"
            let finished = try Obs.shell("bash", command)
            #expect(finished.code == 0, "\(finished.complaints)")
            return finished.output
        }
        let push =
            #"{"streams":[{"stream":{"agent":"vector","host":"h"},"values":[["1795219200000000001","{\"message\":\"one\"}",{"trace_id":"t1"}],["1795219200000000002","{\"message\":\"two\"}"]]}]}"#
        #expect(try post("/loki/api/v1/push", push, ["Content-Type: application/json", "X-Scope-OrgID: t"]) == "204")
        let bulk = """
            {"create":{"_index":"vector-2026.11.21","_id":"a"}}
            {"@timestamp":"2026-11-21T00:00:00Z","message":"three"}

            """
        let answer = try post("/_bulk?timeout=60s", bulk, ["Content-Type: application/x-ndjson"])
        #expect(answer.hasSuffix("200") && answer.contains(#""errors":false"#) && answer.contains(#""status":201"#))
        let all = try entries(server, #"{agent="vector"}"#)
        #expect(all.map(\.line) == [#"{"message":"one"}"#, #"{"message":"two"}"#])
        #expect(all[0].metadata["trace_id"]?.text == "t1")
        #expect(try entries(server, #"{index="vector-2026.11.21"}"#).count == 1)
    }
}
