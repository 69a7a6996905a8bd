import Agent
import Encoding
import Foundation
import Ingest
import Testing

@testable import obs

/// The examples of the page about configurations are what the programs take.
@Suite("The page about configurations")
struct ConfigurationPageTests {
    private let blocks: [String: String]

    init() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/obs/obs.docc/Configuration.md")
        let parts = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```yaml\n# ").dropFirst()
        blocks = Dictionary(
            parts.map { part in
                let text = part.components(separatedBy: "\n```")[0]
                let end = text.firstIndex(of: "\n") ?? text.endIndex
                return (String(text[..<end]), String(text[end...]))
            }, uniquingKeysWith: { $1 })
    }

    @Test("is taken by the collector")
    func collector() throws {
        let folder = try ConfigurationFolder(["obs.yml": try #require(blocks["collector"])])
        let result = folder.load(syntaxOnly: true)
        #expect(folder.errors(result) == [])
        #expect(result.notices.map(\.text) == [])
        #expect(result.configuration.logs.syslog.count == 2)
        #expect(result.configuration.auth?.users.map(\.name) == ["ada", "bob"])
    }

    @Test("is taken by the agent")
    func agent() throws {
        let folder = try ConfigurationFolder(["agent.yaml": try #require(blocks["agent"])])
        let result = AgentConfiguration.load(
            path: "\(folder.path)/agent.yaml", syntaxOnly: true, environment: Environment([:]))
        #expect(result.errors.map(\.description) == [])
        #expect(result.notices.map(\.text) == [])
        #expect(result.configuration.shipping.files.count == 1)
    }

    @Test("has every stage, as pipelines take them")
    func stages() throws {
        let report = ConfigurationReport()
        let reader = YAMLReader(file: "stages.yaml", report: report)
        let text = "stages:\n" + (try #require(blocks["stages"]))
        let parsed = reader.document(Array(text.utf8).span)
        let document = try #require(parsed)
        _ = LogPipeline(try #require(reader.section(document, "the pipeline")))
        #expect(report.errors.map(\.description) == [])
        for stage in LogStages.all { #expect(text.contains("\n- \(stage.key):"), "\(stage.key)") }
    }
}
