import Encoding
import Ingest
import Model
import Posix
import Storage
import TestSupport
import Testing

@Suite("A pipeline")
struct LogPipelineTests {
    static func pipeline(_ yaml: String) throws -> LogPipeline {
        let report = ConfigurationReport()
        let reader = YAMLReader(file: "pipeline.yaml", report: report)
        let parsed = reader.document(Array(yaml.utf8).span)
        let document = try #require(parsed)
        let pipeline = LogPipeline(try #require(reader.section(document, "the pipeline")))
        #expect(report.errors.map(\.description) == [])
        return pipeline
    }

    /// What becomes of one line: labels, time, line and metadata; nil where it is dropped.
    private func run(_ yaml: String, _ line: String, _ labels: [(String, String)] = [("app", "x")]) throws -> String? {
        var batch = LogBatch()
        let stream = batch.appendStream(Labels(labels.map { (name: $0.0, value: $0.1) }))
        batch.append(5, stream: stream, Array(line.utf8).span)
        let result = LogPipeline.run([try Self.pipeline(yaml)], batch).batch
        guard let entry = result.entries.first else { return nil }
        func text(_ range: Range<Int>) -> String {
            Labels(canonical: Array(result.bytes[range])).pairs.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
        }
        let told = String(decoding: result.bytes[entry.line], as: UTF8.self)
        return "\(text(result.streams[entry.stream])) \(entry.timestampNs) \(told) \(text(entry.metadata))"
    }

    @Test("drops by line and by field, and leaves other streams alone")
    func drops() throws {
        let yaml = "match: {app: x}\nstages:\n- drop: {line: 'GET /health'}\n- drop: {field: level, value: debug}"
        #expect(try run(yaml, "GET /healthz") == nil)
        #expect(try run(yaml, #"{"level":"debug"}"#) == nil)
        #expect(try run(yaml, "GET /") == "app=x 5 GET / ")
        #expect(try run(yaml, "GET /healthz", [("app", "y")]) == "app=y 5 GET /healthz ")
    }

    @Test("samples the same lines every time, about as many as asked for")
    func samples() throws {
        let pipeline = try Self.pipeline("stages: [{sample: {keep: 0.25}}]")
        var batch = LogBatch()
        let stream = batch.appendStream(Labels([("app", "x")]))
        for number in 0..<4000 { batch.append(Int64(number), stream: stream, Array("line \(number)".utf8).span) }
        let kept = LogPipeline.run([pipeline], batch).origins
        #expect((850...1150).contains(kept.count))
        #expect(LogPipeline.run([pipeline], batch).origins == kept)
    }

    @Test("sets labels and metadata, renames, finds level and time")
    func changes() throws {
        #expect(
            try run(
                "stages:\n- labels: {from: {svc: service}, set: {env: prod}, remove: [app]}\n- timestamp: {field: t}\n- level: {}",
                #"{"service":"shop","t":"1795193400","lvl":"WARNING"}"#)
                == #"env=prod,level=warn,svc=shop 1795193400000000000 {"service":"shop","t":"1795193400","lvl":"WARNING"} "#
        )
        #expect(
            try run(
                "stages:\n- regexp: {expression: 'user (?P<user>\\w+) took (?P<ms>[0-9]+)'}\n- metadata: {rename: {ms: duration}}\n- level: {metadata: true}",
                "2026 ERR user eve took 12 ms")
                == "app=x 5 2026 ERR user eve took 12 ms duration=12,level=error,user=eve")
    }

    @Test("makes metadata of objects, pairs and patterns, of the line or of what a field holds")
    func parses() throws {
        let nested = #"{"msg":"user=eve took=12","inner":"{\"a\":{\"b\":1},\"c\":\"x\"}"}"#
        #expect(
            try run("stages: [{json: {source: inner}}, {logfmt: {source: msg, fields: [user]}}]", nested)
                == "app=x 5 \(nested) a.b=1,c=x,user=eve")
        #expect(try run("stages: [{json: {}}]", "no object") == "app=x 5 no object ")
        #expect(
            try run("stages: [{pattern: {expression: '<ip> - <_> \"<method> <path>\"'}}]", #"10.0.0.1 - eve "GET /a""#)
                == #"app=x 5 10.0.0.1 - eve "GET /a" ip=10.0.0.1,method=GET,path=/a"#)
    }

    @Test(
        "says what is wrong with its configuration",
        arguments: [
            "stages: [{dorp: {}}]", "stages: [{drop: {}}]", "stages: [{drop: {line: '('}}]",
            "stages: [{sample: {keep: 2}}]", "stages: [{pattern: {}}]", "stages: [{pattern: {expression: 'x'}}]",
            "stages: [{json: {field: a}}]",
            "stages: [{redact: {kinds: [mail]}}]", "stages: [{template: {target: a, text: '{{ nothing .a }}'}}]",
            "stages: [{template: {text: x}}]", "stages: [{template: {target: a}}]", "stages: [{pack: {}}]",
            "stages: [{timestamp: {}}]", "stages: [{regexp: {expression: 'x'}}]",
            "stage: []",
        ])
    func refusesFlaws(yaml: String) throws {
        let report = ConfigurationReport()
        let reader = YAMLReader(file: "pipeline.yaml", report: report)
        let parsed = reader.document(Array(yaml.utf8).span)
        let document = try #require(parsed)
        _ = LogPipeline(try #require(reader.section(document, "the pipeline")))
        #expect(!report.isClean)
    }

    @Test("masks personal data and secrets, and leaves what only looks like them")
    func redacts() throws {
        let yaml = "stages: [{redact: {patterns: {staff: 'E[0-9]{6}'}}}]"
        for (line, expected) in [
            ("mail to eve.o@mail.example.org now", "mail to [email] now"),
            ("card 4111 1111 1111 1111 ok", "card [card] ok"), ("card 4111111111111112 no", "card 4111111111111112 no"),
            ("from 10.1.2.3:80 to 2001:db8::7", "from [ip]:80 to [ip]"),
            ("v 1.2.3.400 at 12:30:45", "v 1.2.3.400 at 12:30:45"),
            ("Authorization: Bearer abcdefgh12345", "Authorization: Bearer [token]"),
            (#"{"password":"hunter22","n":1}"#, #"{"password":"[token]","n":1}"#),
            (#"{"pan":5500005555555559,"n":1}"#, #"{"pan":"[card]","n":1}"#),
            ("by E123456", "by [staff]"),
            ("order 1234567890123 id 00000000000000", "order 1234567890123 id 00000000000000"),
        ] {
            #expect(try run(yaml, line) == "app=x 5 \(expected) ")
        }
        let hashed = try run("stages: [{redact: {kinds: [email], key: k}}]", "a@b.de c@d.de a@b.de") ?? ""
        let parts = hashed.split(separator: " ").dropFirst(2)
        #expect(parts.count == 3 && parts.first == parts.last && Set(parts).count == 2)
        #expect(
            try run("stages: [{redact: {}}]", "x", [("app", "x"), ("user", "a@b.de")]) == "app=x,user=[email] 5 x ")
        let folder = TemporaryDirectory()
        let file = folder.file("redact.key")
        try LocalFileSystem().replaceFile(file, with: Array("k\n".utf8).span)
        let byFile = try run("stages: [{redact: {kinds: [email], key_file: \(file)}}]", "a@b.de c@d.de a@b.de")
        #expect(byFile == hashed)
    }

    @Test("makes texts of templates, and packs labels into the line")
    func makesTexts() throws {
        let line = #"{"user":"Eve","n":3}"#
        #expect(
            try run("stages: [{template: {target: user, text: '{{ .Value | lower }} of {{ .app }}'}}]", line)
                == "app=x 5 \(line) user=eve of x")
        #expect(
            try run("stages: [{template: {target: size, text: '{{ len .Entry }}{{ .absent }}'}}]", "four")
                == "app=x 5 four size=4")
        #expect(try run("stages: [{template: {target: app, text: '{{ .Value }}2'}}]", "a") == "app=x 5 a app=x2")
        // A target that a template leaves empty is taken away.
        #expect(
            try run("stages: [{metadata: {set: {a: b}}}, {template: {target: a, text: '{{ .absent }}'}}]", "x")
                == "app=x 5 x ")
        let packed = try run(
            "stages: [{metadata: {set: {pod: p}}}, {pack: {labels: [pod, app, absent]}}]", "say \"hi\"",
            [("app", "x"), ("env", "prod")])
        #expect(packed == #"env=prod 5 {"app":"x","pod":"p","_entry":"say \"hi\""} "#)
    }

    @Test("finds every planted item, wherever in a line it stands")
    func findsPlanted() throws {
        var generator = SeededGenerator.announced()
        let pipeline = try Self.pipeline("stages: [{redact: {}}]")
        var batch = LogBatch()
        let stream = batch.appendStream(Labels([("app", "x")]))
        var planted: [String] = []
        for number in 0..<2000 {
            let item = PlantedItem.any(number % PlantedItem.kinds, &generator)
            planted.append(item)
            let line = PlantedItem.line(with: item, "w\(number)", &generator)
            batch.append(Int64(number), stream: stream, Array(line.utf8).span)
        }
        let result = LogPipeline.run([pipeline], batch).batch
        #expect(result.entries.count == planted.count)
        for (index, item) in planted.enumerated() {
            let before = String(decoding: batch.bytes[batch.entries[index].line], as: UTF8.self)
            let after = String(decoding: result.bytes[result.entries[index].line], as: UTF8.self)
            #expect(before.contains(item) && !after.contains(item), "\(before) -> \(after)")
        }
    }
}
