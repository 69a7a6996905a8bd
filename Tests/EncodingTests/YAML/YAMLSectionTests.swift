import Encoding
import Testing

@Suite struct YAMLSectionTests {
    /// Reads `text` as a section of settings with `read` and returns what was reported.
    private func report(_ text: String, _ read: (YAMLSection) -> Void) throws -> [String] {
        let reader = YAMLReader(file: "obs.yml", report: ConfigurationReport())
        let bytes = Array(text.utf8)
        let document = reader.document(bytes.span)
        let node = try #require(document)
        let section = try #require(reader.section(node, "global"))
        read(section)
        section.finish()
        return reader.report.errors.map(\.description)
    }

    @Test func namesTheNearestKnownKey() throws {
        let errors = try report("scrap_interval: 15s\nzzz: 1\n") { _ = $0.string("scrape_interval") }
        #expect(
            errors == [
                "obs.yml:1:1: unknown key \"scrap_interval\" in global; did you mean \"scrape_interval\"?",
                "obs.yml:2:1: unknown key \"zzz\" in global; remove it",
            ])
    }

    @Test func readsEachType() throws {
        let text = "s: text\nb: yes\ni: 5\nf: 1.5\nl: [a, 2]\nm: {x: y}\np: hunter2\nn:\nc: red\n"
        let errors = try report(text) { section in
            #expect(section.string("s") == "text")
            #expect(section.bool("b") == true)
            #expect(section.int("i") == 5)
            #expect(section.float("f") == 1.5)
            #expect(section.float("i") == 5)
            #expect(section.strings("l") == ["a", "2"])
            #expect(section.pairs("m")?.map(\.key) == ["x"])
            #expect(section.secret("p")?.text == "hunter2")
            #expect("\(section.secret("p") ?? Secret(""))" == "<secret>")
            #expect(section.string("n") == nil)
            #expect(section.isNull("n"))
            #expect(section.choice("c", ["red", "green"]) == "red")
            #expect(section.string("absent") == nil)
        }
        #expect(errors.isEmpty)
    }

    @Test func collectsEveryWrongType() throws {
        let text = "s: [a]\nb: 'true'\ni: 1.5\nr: 11\nf: x\nl: {a: b}\nm: 5\nc: rad\nl2: [[a]]\n"
        let errors = try report(text) { section in
            #expect(section.string("s") == nil)
            #expect(section.bool("b") == nil)
            #expect(section.int("i") == nil)
            #expect(section.int("r", in: 0...10) == nil)
            #expect(section.float("f") == nil)
            #expect(section.list("l") == nil)
            #expect(section.section("m") == nil)
            #expect(section.choice("c", ["red", "green"]) == nil)
            #expect(section.strings("l2") == [])
        }
        #expect(
            errors == [
                "obs.yml:1:4: s has to be text, here is a list",
                "obs.yml:2:4: b has to be true or false, here is \"true\"; write true or false without quotes",
                "obs.yml:3:4: i has to be a whole number, here is 1.5",
                "obs.yml:4:4: r is 11; it has to be between 0 and 10",
                "obs.yml:5:4: f has to be a number, here is x",
                "obs.yml:6:4: l has to be a list, here is a mapping; begin each entry with `- `",
                "obs.yml:7:4: m has to be a mapping, here is 5; write `key: value` lines below it",
                "obs.yml:8:4: c is \"rad\"; did you mean \"red\"?",
                "obs.yml:9:6: an entry of l2 has to be text, here is a list",
            ])
    }

    @Test func refusesAnEmptyEntryOfAList() throws {
        let errors = try report("jobs:\n  - name: a\n  -\n") { section in
            for job in section.sections("jobs", "scrape config") { _ = job.string("name") }
        }
        #expect(errors == ["obs.yml:3:4: empty or null scrape config; fill it in or remove the `-`"])
    }

    @Test func reportsAMistakeOnceAndKeepsTheFirstHundred() {
        let report = ConfigurationReport()
        for line in 1...300 {
            report.add(ConfigurationError(at: .init(file: "a", line: line / 2, column: 1), "bad"))
        }
        #expect(report.errors.count == ConfigurationReport.errorsMax)
        #expect(Set(report.errors).count == report.errors.count)
    }
}
