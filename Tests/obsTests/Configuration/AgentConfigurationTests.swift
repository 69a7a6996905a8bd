import Agent
import Encoding
import Foundation
import Testing

@testable import obs

@Suite("Configurations of agents")
struct AgentConfigurationTests {
    private static let profiles = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "agents")

    @Test("that ship are taken as they are")
    func shipped() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.profiles.path).filter {
            $0.hasSuffix(".yaml")
        }
        #expect(names.count >= 8)
        for name in names {
            let result = AgentConfiguration.load(path: Self.profiles.appending(path: name).path, syntaxOnly: true)
            #expect(result.errors.isEmpty, "\(name)")
            #expect(result.configuration.shipping.destinations.count == 1, "\(name)")
            #expect(!result.configuration.shipping.files.isEmpty, "\(name)")
        }
    }

    @Test("know what is a variable of the environment and what an earlier step of a probe has found")
    func variables() throws {
        let folder = try ConfigurationFolder([
            "agent.yaml": """
            labels: {site: "${SITE}"}
            integrations:
              probe:
                targets:
                  - name: shop
                    http:
                      steps:
                        - {url: "http://${SITE}/login", extract: {token: 'token=(\\w+)'}}
                        - {url: "http://${SITE}/orders?token=${token}"}
            """
        ])
        let path = "\(folder.path)/agent.yaml"
        let result = AgentConfiguration.load(path: path, environment: Environment(["SITE": "a", "token": "env"]))
        #expect(result.errors.map(\.description) == [])
        #expect(result.configuration.shipping.labels == ["site": "a"])
        let missing = AgentConfiguration.load(path: path, environment: Environment([:]))
        #expect(missing.errors.count == 3)
        #expect(missing.errors.allSatisfy { $0.what.contains("SITE") })
    }
}
