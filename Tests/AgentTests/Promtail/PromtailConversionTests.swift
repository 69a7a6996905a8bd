import Encoding
import Foundation
import Ingest
import Model
import Posix
import Storage
import Telemetry
import TestSupport
import Testing

@testable import Agent

/// Configurations written after promtail's documentation, each with lines and what promtail's documentation says becomes of
/// them.
struct PromtailCase: Sendable, CustomTestStringConvertible {
    struct Line: Equatable {
        var text: String
        var labels: [String: String]
        var metadata: [String: String] = [:]
        var timestampNs: Int64?
    }

    let name: String
    /// Under `pipeline_stages`, or a whole configuration where it begins with `scrape_configs`.
    let stages: String
    let input: [String]
    let wanted: [Line]
    /// What the conversion names as left out.
    var notices: [String] = []

    var testDescription: String { name }

    init(_ name: String, _ stages: String, _ input: [String], _ wanted: [Line], notices: [String] = []) {
        (self.name, self.stages, self.input, self.wanted, self.notices) = (name, stages, input, wanted, notices)
    }

    var configuration: String {
        if stages.contains("scrape_configs:") { return stages }
        let indented = stages.split(separator: "\n").map { "      \($0)" }.joined(separator: "\n")
        return """
            server: {http_listen_port: 9080, grpc_listen_port: 0}
            clients: [{url: "http://127.0.0.1:3100/loki/api/v1/push"}]
            scrape_configs:
              - job_name: app
                static_configs:
                  - {targets: [localhost], labels: {job: app, __path__: /var/log/app/*.log}}
                pipeline_stages:
            \(indented)
            """
    }

    static let all: [PromtailCase] = [
        PromtailCase(
            "no stages",
            """
            clients: [{url: "https://c.example.com/loki/api/v1/push", external_labels: {site: a}}]
            scrape_configs:
              - job_name: system
                static_configs:
                  - targets: [localhost]
                    labels: {job: varlogs, __path__: "/var/log/{app,web}/*.log", __path_exclude__: /var/log/app/old.log}
            """, ["one", "two"],
            [Line(text: "one", labels: ["job": "varlogs"]), Line(text: "two", labels: ["job": "varlogs"])]),
        PromtailCase(
            "json and labels", "- json: {expressions: {level: level, user: request.user}}\n- labels: {level: , user: }",
            [#"{"level":"warn","request":{"user":"ann"},"msg":"x"}"#],
            [
                Line(
                    text: #"{"level":"warn","request":{"user":"ann"},"msg":"x"}"#,
                    labels: ["job": "app", "level": "warn", "user": "ann"])
            ]),
        PromtailCase(
            "json with another name, and output",
            "- json: {expressions: {message: log, stream: }}\n- labels: {stream: }\n- output: {source: message}",
            [#"{"log":"hello there","stream":"stderr"}"#],
            [Line(text: "hello there", labels: ["job": "app", "stream": "stderr"])]),
        PromtailCase(
            "logfmt", "- logfmt: {mapping: {lvl: level, took: duration}}\n- labels: {level: lvl}",
            ["ts=2026-01-01 level=error duration=5ms msg=\"a b\""],
            [
                Line(
                    text: "ts=2026-01-01 level=error duration=5ms msg=\"a b\"",
                    labels: ["job": "app", "level": "error"])
            ]),
        PromtailCase(
            "regex", #"- regex: {expression: '^(?P<ip>\S+) \S+ (?P<user>\S+) \['}"# + "\n- labels: {user: }",
            ["192.0.2.1 - frank [10/Oct/2000]"],
            [Line(text: "192.0.2.1 - frank [10/Oct/2000]", labels: ["job": "app", "user": "frank"])]),
        PromtailCase(
            "regex of a field",
            "- json: {expressions: {path: }}\n- regex: {expression: '^/(?P<service>[a-z]+)/', source: path}\n- labels: {service: }",
            [#"{"path":"/cart/7"}"#], [Line(text: #"{"path":"/cart/7"}"#, labels: ["job": "app", "service": "cart"])]),
        PromtailCase(
            "timestamp RFC3339Nano",
            "- json: {expressions: {time: }}\n- timestamp: {source: time, format: RFC3339Nano}",
            [#"{"time":"2026-01-02T03:04:05.123456789Z"}"#],
            [
                Line(
                    text: #"{"time":"2026-01-02T03:04:05.123456789Z"}"#, labels: ["job": "app"],
                    timestampNs: 1_767_323_045_123_456_789)
            ]),
        PromtailCase(
            "timestamp of a layout",
            #"- regex: {expression: '\[(?P<at>[^\]]+)\]'}"#
                + "\n- timestamp: {source: at, format: '02/Jan/2006:15:04:05 -0700'}",
            ["[02/Jan/2026:05:04:05 +0200] GET /"],
            [
                Line(
                    text: "[02/Jan/2026:05:04:05 +0200] GET /", labels: ["job": "app"],
                    timestampNs: 1_767_323_045_000_000_000)
            ]),
        PromtailCase(
            "timestamp in milliseconds and of a named layout",
            "- json: {expressions: {ms: , at: }}\n- timestamp: {source: ms, format: UnixMs}\n- timestamp: {source: at, format: RFC1123, location: Europe/Berlin}",
            [#"{"ms":1767323045123}"#, #"{"at":"Fri, 02 Jan 2026 03:04:05 UTC"}"#],
            [
                Line(
                    text: #"{"ms":1767323045123}"#, labels: ["job": "app"], timestampNs: 1_767_323_045_123_000_000),
                Line(
                    text: #"{"at":"Fri, 02 Jan 2026 03:04:05 UTC"}"#, labels: ["job": "app"],
                    timestampNs: 1_767_323_045_000_000_000),
            ], notices: ["times without a zone are read as UTC, not as Europe/Berlin"]),
        PromtailCase(
            "drop by expression", "- drop: {expression: '.*DEBUG.*'}", ["DEBUG a", "INFO b"],
            [Line(text: "INFO b", labels: ["job": "app"])]),
        PromtailCase(
            "drop by value and by expression of a field",
            "- json: {expressions: {level: , path: }}\n- drop: {source: level, value: debug}\n- drop: {source: path, expression: '^/health'}",
            [#"{"level":"debug"}"#, #"{"level":"info","path":"/healthz"}"#, #"{"level":"info","path":"/"}"#],
            [Line(text: #"{"level":"info","path":"/"}"#, labels: ["job": "app"])]),
        PromtailCase(
            "match with stages",
            """
            - match:
                selector: '{job="app"} |= "user"'
                stages:
                  - regex: {expression: 'user=(?P<user>\\w+)'}
                  - labels: {user: }
            - match: {selector: '{job="other"}', stages: [{static_labels: {seen: "yes"}}]}
            """, ["user=ann in", "nobody"],
            [
                Line(text: "user=ann in", labels: ["job": "app", "user": "ann"]),
                Line(text: "nobody", labels: ["job": "app"]),
            ]),
        PromtailCase(
            "match that drops", #"- match: {selector: '{job=~"app|web"} |~ "^GET /health" != "500"', action: drop}"#,
            ["GET /health 200", "GET /health 500", "GET /cart 200"],
            [
                Line(text: "GET /health 500", labels: ["job": "app"]),
                Line(text: "GET /cart 200", labels: ["job": "app"]),
            ]),
        PromtailCase(
            "replace", "- replace: {expression: 'password=(\\S+)', replace: '****'}",
            ["login password=abc1 and password=x2 end"],
            [Line(text: "login password=**** and password=**** end", labels: ["job": "app"])]),
        PromtailCase(
            "template, of what was extracted, of labels, of nothing and of the line",
            """
            - regex: {expression: 'user=(?P<user>\\S+)'}
            - template: {source: user, template: '{{ ToUpper .Value }}@{{ .job }}'}
            - template: {source: size, template: '{{ len .Entry }}'}
            - template: {source: none, template: '{{ if .Value }}{{ .Value }}{{ else }}no{{ end }}'}
            - template: {source: empty, template: '{{ .absent }}'}
            - labels: {user: , size: , none: , empty: }
            """,
            ["x user=eve"],
            [Line(text: "x user=eve", labels: ["job": "app", "user": "EVE@app", "size": "10", "none": "no"])]),
        PromtailCase(
            "pack",
            "- regex: {expression: 'pod=(?P<pod>\\S+)'}\n- pack: {labels: [pod, job, no], ingest_timestamp: false}",
            ["x pod=\"a\""],
            [Line(text: #"{"job":"app","pod":"\"a\"","_entry":"x pod=\"a\""}"#, labels: [:])]),
        PromtailCase(
            "static labels, labeldrop, structured metadata",
            "- logfmt: {mapping: {trace: trace_id, a: a}}\n- structured_metadata: {trace_id: trace}\n- static_labels: {env: prod}\n- labels: {a: }\n- labeldrop: [a]",
            ["trace_id=f00 a=1"],
            [
                Line(
                    text: "trace_id=f00 a=1", labels: ["env": "prod", "job": "app"], metadata: ["trace_id": "f00"])
            ]),
        PromtailCase(
            "multiline", "- multiline: {firstline: '^\\d{4}-\\d{2}-\\d{2}', max_wait_time: 3s, max_lines: 128}",
            ["2026-01-01 a", "  at b", "2026-01-02 c"],
            [
                Line(text: "2026-01-01 a\n  at b", labels: ["job": "app"]),
                Line(text: "2026-01-02 c", labels: ["job": "app"]),
            ]),
        PromtailCase(
            "docker", "- docker: {}",
            [#"{"log":"level=info a\n","stream":"stdout","time":"2026-01-02T03:04:05.5Z"}"#],
            [
                Line(
                    text: "level=info a", labels: ["job": "app", "stream": "stdout"],
                    timestampNs: 1_767_323_045_500_000_000)
            ]),
        PromtailCase(
            "cri", "- cri: {}\n- decolorize:", ["2026-01-02T03:04:05.5Z stderr F \u{1b}[31mred\u{1b}[0m"],
            [
                Line(
                    text: "red", labels: ["job": "app", "stream": "stderr"], timestampNs: 1_767_323_045_500_000_000)
            ]),
        PromtailCase(
            "sampling, and what is left out",
            """
            clients: [{url: "http://127.0.0.1:3100/loki/api/v1/push", tenant_id: t, batchwait: 1s}]
            positions: {filename: /var/lib/promtail/positions.yaml}
            limits_config: {readline_rate: 100}
            scrape_configs:
              - job_name: app
                kafka: {brokers: [k]}
                static_configs: [{targets: [localhost], labels: {job: app, __path__: /var/log/app/*.log}}]
                pipeline_stages:
                  - sampling: {rate: 1}
                  - tenant: {value: t}
                  - geoip: {db: /x.mmdb, source: ip}
                  - template: {source: a, template: "{{ .Value | Hash }}"}
            """, ["a"], [Line(text: "a", labels: ["job": "app"])],
            notices: [
                "has no tenants", "batchwait", "positions", "limits_config", "kafka", "stage tenant", "stage geoip",
                "template is not brought over",
            ]),
        PromtailCase(
            "relabelling to fixed labels",
            """
            clients: [{url: "http://127.0.0.1:3100/loki/api/v1/push"}]
            scrape_configs:
              - job_name: app
                static_configs: [{targets: [localhost], labels: {__path__: /var/log/app/*.log}}]
                relabel_configs:
                  - {target_label: cluster, replacement: eu-1}
                  - {source_labels: [__address__], target_label: host, regex: '(.*)', action: replace}
            """, ["a"], [Line(text: "a", labels: ["cluster": "eu-1"])], notices: ["relabelling of targets"]),
    ]
}

@Suite("Configurations of promtail")
struct PromtailConversionTests {
    private static func options(_ text: String) throws -> ShippingOptions {
        let report = ConfigurationReport()
        let reader = YAMLReader(file: "agent.yaml", report: report)
        let bytes = Array(text.utf8)
        let section = try #require(reader.document(bytes.span).flatMap { reader.section($0, "agent") })
        _ = section.value("listen")
        let options = ShippingOptions(inlineIn: section)
        section.finish()
        #expect(report.isClean, "\(report.errors) in\n\(text)")
        return options
    }

    private static func convert(_ text: String) throws -> (text: String, notices: [String]) {
        let report = ConfigurationReport()
        let bytes = Array(text.utf8)
        let converted = PromtailConversion.text(of: bytes.span, file: "promtail.yaml", report)
        #expect(report.isClean, "\(report.errors)")
        return (try #require(converted), report.notices.map(\.text))
    }

    /// What becomes of lines of a file that the first entry of `logs.files` reads.
    private static func lines(_ input: [String], _ options: ShippingOptions) throws -> [SpooledLines.Line] {
        let folder = TemporaryDirectory()
        let (registry, time) = (Registry(), ManualTime())
        let spool = try Spool(folder.file("spool"), collectors: ["a"], registry: registry)
        let group = try #require(options.files.first)
        let path = folder.file("x.log")
        try Data(input.map { "\($0)\n" }.joined().utf8).write(to: URL(filePath: path))
        let file = try File(path, .read, in: LocalFileSystem())
        let tail = FileTail(
            file, try file.status(), group: 0, group,
            place: FilePlace(offset: 0, fingerprint: Fingerprint([]), path: path),
            labels: group.labels(ofFile: "/var/log/app/x.log", adding: [:]), nowNs: time.monotonicNs)
        let batcher = LogBatcher(spool, "file", [group.pipeline] + options.pipelines, registry, time)
        var buffer: [UInt8] = []
        for _ in 0..<2 {
            _ = try tail.poll(batcher, &buffer, time: time)
            time.advance(bySeconds: 10)
        }
        try batcher.flush()
        let spooled = SpooledLines(spool)
        try spooled.take()
        try spool.close()
        return spooled.lines
    }

    @Test("give the lines that promtail's documentation promises", arguments: PromtailCase.all)
    func converts(one: PromtailCase) throws {
        let (text, notices) = try Self.convert(one.configuration)
        let options = try Self.options(text)
        #expect(options.files[0].paths.contains { $0.matches("/var/log/app/x.log") })
        let found = try Self.lines(one.input, options).map { line in
            PromtailCase.Line(
                text: line.text, labels: line.labels.filter { $0.key != "filename" }, metadata: line.metadata,
                timestampNs: line.timestampNs)
        }
        var wanted = one.wanted
        for index in wanted.indices where wanted[index].timestampNs == nil && index < found.count {
            // At the time at which it is read.
            wanted[index].timestampNs = found[index].timestampNs
        }
        let order = { (a: PromtailCase.Line, b: PromtailCase.Line) in a.text < b.text }
        #expect(found.sorted(by: order) == wanted.sorted(by: order), "\(text)")
        for part in one.notices { #expect(notices.contains { $0.contains(part) }, "\(part) in \(notices)") }
        #expect(notices.count == one.notices.count, "\(notices)")
    }

    @Test("count and measure lines as promtail's documentation does")
    func metrics() throws {
        let one = PromtailCase(
            "metrics",
            #"""
            - regex: {expression: '^(?P<order>order) took (?P<took>\S+)'}
            - match:
                selector: '{job="app"} |= "order"'
                stages:
                  - metrics:
                      lines_total: {type: Counter, description: all, prefix: my_, config: {match_all: true, action: inc}}
            - metrics:
                bytes_total: {type: Counter, config: {match_all: true, count_entry_bytes: true, action: add}}
                order: {type: Counter, source: order, config: {value: other, action: inc}}
                last: {type: Gauge, source: took, config: {action: set}}
                took_seconds: {type: Histogram, source: took, config: {buckets: [0.1, 1]}}
            """#,
            ["order took 0.05", "order took 0.5", "order took 2", "nothing"], [])
        let (text, notices) = try Self.convert(one.configuration)
        #expect(notices.isEmpty, "\(notices)")
        let options = try Self.options(text)
        _ = try Self.lines(one.input, options)
        var page: [UInt8] = []
        options.lineMetrics.append(to: &page)
        let lines = String(decoding: page, as: UTF8.self).split(separator: "\n").map { line in
            String(line).replacing(/filename="[^"]*",/, with: "")
        }
        for wanted in [
            #"# HELP my_lines_total all"#, "# TYPE promtail_custom_took_seconds histogram",
            #"my_lines_total{job="app"} 3"#, #"promtail_custom_bytes_total{job="app"} 48"#,
            #"promtail_custom_last{job="app"} 2"#, #"promtail_custom_took_seconds_bucket{job="app",le="0.1"} 1"#,
            #"promtail_custom_took_seconds_bucket{job="app",le="1"} 2"#,
            #"promtail_custom_took_seconds_bucket{job="app",le="+Inf"} 3"#,
            #"promtail_custom_took_seconds_count{job="app"} 3"#, #"promtail_custom_took_seconds_sum{job="app"} 2.55"#,
        ] {
            #expect(lines.contains(wanted), "\(wanted) in \(lines)")
        }
        #expect(!lines.contains { $0.contains("custom_order") })
    }

    @Test("bring over journals, syslog, containers and pods")
    func otherSources() throws {
        let (text, notices) = try Self.convert(
            """
            server: {http_listen_port: 9080}
            clients:
              - {url: "https://a/loki/api/v1/push", bearer_token_file: /etc/token, external_labels: {dc: x}}
              - {url: "https://b/loki/api/v1/push", basic_auth: {username: u, password_file: /etc/p}}
            scrape_configs:
              - job_name: journal
                journal: {max_age: 12h, path: /var/log/journal, labels: {job: systemd}, matches: _TRANSPORT=kernel}
                relabel_configs:
                  - {source_labels: [__journal__systemd_unit], target_label: unit}
                  - {source_labels: [__journal_priority_keyword], target_label: level}
              - job_name: syslog
                syslog: {listen_address: "0.0.0.0:1514", labels: {job: syslog}}
                pipeline_stages: [{drop: {expression: noise}}]
              - job_name: docker
                docker_sd_configs: [{host: "unix:///var/run/docker.sock"}]
              - job_name: pods
                kubernetes_sd_configs: [{role: pod}]
                pipeline_stages: [{cri: {}}]
            """)
        let options = try Self.options(text)
        #expect(options.destinations.map(\.url) == ["https://a", "https://b"])
        #expect(options.labels == ["dc": "x"])
        let journal = try #require(options.journald)
        #expect(journal.fieldLabels == ["unit": "_SYSTEMD_UNIT"])
        #expect(journal.directory == "/var/log/journal" && journal.matches == ["_TRANSPORT=kernel"])
        #expect(journal.ageMaxMs == 12 * 3_600_000 && journal.labels == ["job": "systemd"])
        #expect(options.syslog.map(\.carrier) == [.tcp] && options.syslog[0].labels == ["job": "syslog"])
        #expect(options.pipelines.count == 1)
        #expect(options.files.map(\.form) == [.docker, .cri])
        #expect(options.files[1].labels(ofFile: "/var/log/pods/shop_web-1_u/app/0.log", adding: [:])["pod"] == "web-1")
        #expect(notices.count == 3)
        #expect(text.hasPrefix("listen: \"127.0.0.1:9080\"\n"))
    }
}
