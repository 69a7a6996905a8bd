import Ledger
import Model
import TestSupport
import Testing

@testable import Alerting

@Suite struct ClusterUpdateTests {
    @Test func whatOneMemberSaysTheOtherReads() throws {
        var random = SeededGenerator.announced()
        for _ in 0..<50 {
            var update = ClusterUpdate()
            update.from = ClusterMember(name: "a \"b\" ü", session: "07")
            update.wantsAll = Bool.random(using: &random)
            update.silences = [
                Silence(
                    id: "one", matchers: [Matcher("a", equals: "x,\"y\""), try Matcher("b", .notMatches, "\\d+")],
                    startsAtMs: 1, endsAtMs: .random(in: 2...1 << 50, using: &random), updatedAtMs: 5,
                    createdBy: "anna", comment: "line\nline", annotations: ["t": "1"])
            ]
            let hashes = Set((0..<5).map { _ in UInt64.random(in: .min ... .max, using: &random) })
            update.notifications = [
                NotificationRecord(
                    groupKey: "{}:{a=\"1\"}", receiver: "r/slack/0", atMs: 7, expiresMs: 9, firing: hashes,
                    resolved: [],
                    memo: ["slack_ts": "1.2"])
            ]
            update.acknowledgements = [
                Acknowledgement(groupKey: "g", firing: hashes, atMs: 3, by: "bert", note: "mine")
            ]
            update.releases = [ClusterUpdate.Release(groupKey: "g", atMs: 4)]
            let read = try ClusterUpdate(json: update.json.span)
            #expect(read.from == update.from && read.wantsAll == update.wantsAll)
            #expect(read.silences == update.silences && read.notifications == update.notifications)
            #expect(read.acknowledgements == update.acknowledgements && read.releases == update.releases)
        }
    }

    @Test func aSilenceWithConditionsThatNobodyHereKnowsIsLeftOut() throws {
        let json = #"{"name":"a","session":"s","silences":[{"id":"x","matchers":"[[\"a\",\"<>\",\"1\"]]"}],"future":7}"#
        #expect(try ClusterUpdate(json: Array(json.utf8).span).silences.isEmpty)
    }
}
