import Foundation
import HTTP
import Testing

@testable import Web

@Suite struct PagesTests {
    private static func server() throws -> APIServer {
        try APIServer { _, _, router in Pages(PageAssets()).add(to: &router) }
    }

    @Test(arguments: ["/", "/dashboards", "/d/some-uid", "/explore?expr=up", "/alerts", "/targets", "/status"])
    func everyPageIsTheDocumentUnderAPolicyWithoutInlineScript(path: String) throws {
        let answer = try Self.server().get(path)
        #expect(answer.status == .ok)
        let policy = try #require(answer.field("content-security-policy"))
        #expect(policy.contains("script-src 'self';"))
        #expect(!policy.contains("unsafe-inline"))
        let body = String(decoding: answer.body, as: UTF8.self)
        #expect(!body.contains("<script>"))
    }

    @Test func everyFileOfTheFolderIsInTheProgramByteForByte() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Sources/Web/Assets")
            .standardizedFileURL
        let server = try Self.server()
        let base = PageAssets().folder
        var count = 0
        let names = try #require(FileManager.default.enumerator(atPath: folder.path))
        for case let name as String in names where ["js", "css", "svg"].contains((name as NSString).pathExtension) {
            let answer = try server.get("\(base)/\(name)")
            #expect(answer.status == .ok, "\(name)")
            #expect(answer.field("cache-control")?.contains("immutable") == true, "\(name)")
            #expect(try Data(answer.body) == Data(contentsOf: folder.appending(path: name)), "\(name)")
            count += 1
        }
        #expect(count > 30)
    }

    @Test(arguments: ["/assets/0000/main.js", "/assets/{version}/../main.js", "/assets/{version}/none.js"])
    func otherVersionsAndUnknownFilesAreNotFound(path: String) throws {
        let version = PageAssets().folder.dropFirst("/assets/".count)
        let answer = try Self.server().get(path.replacing("{version}", with: version))
        #expect(answer.status == .notFound || answer.status == .badRequest)
    }
}
