import Foundation
import Testing

@testable import obs

@Suite struct CommandReferenceTests {
    @Test func readmeShowsTheTableOfCommands() throws {
        let top = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
        let readme = try String(contentsOf: top.appending(path: "README.md"), encoding: .utf8)
        let start = try #require(readme.range(of: "## Commands\n"))
        let rest = readme[start.lowerBound...]
        let end = rest.range(of: "\n## ", range: start.upperBound..<readme.endIndex)?.lowerBound ?? readme.endIndex
        #expect(
            String(rest[..<end]) == CommandReference.markdown(),
            "put the output of `obs help --markdown` into README.md, before the next section")
    }
}
