import Foundation
import Testing

/// Debian's Prometheus sends what it scrapes of itself to obs; both are asked the same.
@Suite struct PrometheusPeerTests {
    @Test func bothAnswerAlikeAlsoAfterAKill() throws {
        let folder = try TemporaryFolder()
        var obs = try RunningObs(data: folder.path + "/obs")
        let peer = try RunningPrometheus(folder: folder.path, writingTo: obs.address)
        let expression = "sum by (job) (prometheus_tsdb_head_samples_appended_total)"
        let encoded = try #require(expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let path = "/api/v1/query?time=\(try peer.timeOfAnAnswer(to: expression))&query=\(encoded)"
        let expected = try peer.get(path)
        #expect(expected.contains(#""metric":{"job":"self"}"#))
        // What was scraped reaches obs a little later.
        let deadline = Date(timeIntervalSinceNow: RunningObs.patienceSeconds)
        while try obs.get(path).body != expected, Date() < deadline { Thread.sleep(forTimeInterval: 0.05) }
        #expect(try obs.get(path).body == expected)
        _ = try obs.end(with: SIGKILL)
        obs = try RunningObs(data: folder.path + "/obs")
        #expect(try obs.get(path).body == expected)
    }
}
