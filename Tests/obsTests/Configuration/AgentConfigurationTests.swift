import Agent
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
}
