import Encoding
import Foundation
import Model
import Posix
import PromQL
import TestSupport
import Testing
import Text

@testable import Rules

/// Snippets with what promtool 2.42 made of them, and the same asked anew where promtool is here.
@Suite struct RuleTemplateTests {
    struct Snippet {
        let template: String
        let rendered: String
    }

    private static let labels = Labels([
        ("__name__", "m"), ("job", "api"), ("instance", "web-1.example.com:9100"), ("path", "/a<b>&c'd\""),
        ("uni", "é☃"),
    ])

    private static func snippets() throws -> [Snippet] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Fixtures/promtool-templates.json")
        let bytes = try [UInt8](Data(contentsOf: file))
        return try JSONValue.parse(bytes.span).elements!.map {
            Snippet(template: $0["template"]!.text!, rendered: $0["rendered"]!.text!)
        }
    }

    private static func render(_ text: String) throws -> String {
        let workers = try Workers(helpers: 0)
        defer { workers.stop() }
        let store = MemoryMetricStore()
        var samples = RuleSamples()
        for (name, value) in [("b", 1.0), ("a", 0), ("c10", 3), ("c9", 2)] {
            samples.add(Labels([("__name__", "up"), ("instance", name)]), .float(value), atMs: 60_000)
        }
        #expect(try samples.write(to: store) == [])
        let environment = RuleEnvironment(engine: Engine(store: store, workers: workers), store: store)
        var context = RuleTemplateContext()
        context.externalLabels = [("cluster", "eu \"1\""), ("zone", "b")]
        context.externalURL = "http://prom.example:9090/p"
        let template = RuleTemplate(context) { (text) throws(TemplateFailure) in
            try environment.query(text, atMs: 60_000)
        }
        return template.expand(text, alert: "A", labels: labels, value: .float(12345.678))
    }

    /// Where ours says more, or other words for the same.
    private static func agrees(_ ours: String, _ theirs: String) -> Bool {
        if ours == theirs { return true }
        let marks = [
            "error calling match:", "error calling reReplaceAll:", "error calling query:", "error calling len:",
            "can't evaluate field Foo in type *template.sample",
        ]
        return marks.contains { ours.contains($0) && theirs.contains($0) } || isOverflow(theirs)
    }

    /// Go's int64 runs over in humanizeDuration beyond 292 billion years; ours stays at what it can hold.
    private static func isOverflow(_ theirs: String) -> Bool { theirs.hasPrefix("-106751991167300d") }

    @Test func rendersWhatPromtoolRenders() throws {
        let snippets = try Self.snippets()
        #expect(snippets.count >= 500)
        var same = 0
        for snippet in snippets {
            let ours = try Self.render(snippet.template)
            if Self.agrees(ours, snippet.rendered) { same += 1; continue }
            Issue.record("\(snippet.template)\n ours:   \(ours)\n theirs: \(snippet.rendered)")
        }
        print("\(same) of \(snippets.count) snippets are rendered alike")
    }

    @Test func knowsTheFunctionsThatAreNewerThanThePeer() throws {
        #expect(try Self.render("{{ toDuration 3661.5 }} {{ (toDuration 90).Minutes }}") == "1h1m1.5s 1.5")
        #expect(try Self.render("{{ urlQueryEscape \"a b&\" }}") == "a+b%26")
        #expect(try Self.render("{{ define \"x\" }}<{{ . }}>{{ end }}{{ tmpl \"x\" \"v\" }}") == "<v>")
    }
}
