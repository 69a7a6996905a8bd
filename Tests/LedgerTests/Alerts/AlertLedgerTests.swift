import Databases
import Model
import Posix
import TestSupport
import Testing

@testable import Ledger

@Suite struct AlertLedgerTests {
    private let directory = TemporaryDirectory()

    private func ledger() throws -> AlertLedger { try AlertLedger(directory: directory.file("ledger")) }

    private static func alert(_ name: String, endsAtMs: Int64 = 2000) -> Alert {
        Alert(
            labels: Labels([("alertname", name), ("path", "/a \"b\" ü")]), annotations: ["summary": "x\ny"],
            startsAtMs: 1000, endsAtMs: endsAtMs, generatorURL: "http://g", updatedAtMs: 1500)
    }

    private static func silence(_ id: String) throws -> Silence {
        Silence(
            id: id, matchers: [Matcher("a", equals: "1"), try Matcher("b", .notMatches, "x|y")], startsAtMs: 1,
            endsAtMs: 2, updatedAtMs: 3, createdBy: "anna", comment: "known", annotations: ["ticket": "7"])
    }

    @Test func everyTableGivesBackWhatItTookAfterItIsOpenedAgain() throws {
        let alerts = [Self.alert("Down"), Self.alert("Up", endsAtMs: 9000)]
        let silence = try Self.silence("one")
        let record = NotificationRecord(
            groupKey: "{}:{}", receiver: "team/slack/0", atMs: 5, expiresMs: 500, firing: [1, .max], resolved: [7],
            memo: ["slack_ts": "1.2"])
        let acknowledgement = Acknowledgement(groupKey: "{}:{}", firing: [1, 2], atMs: 6, by: "anna", note: "on it")
        let event = AlertEvent(
            atMs: 8, kind: .firing, labels: alerts[0].labels, value: .infinity, detail: "it burns")
        do {
            let ledger = try ledger()
            try ledger.keep(alerts)
            try ledger.keep([silence])
            try ledger.keep([record])
            try ledger.keep(acknowledgement)
            try ledger.noteFailure(ofGroup: "g", at: "r", atMs: 9, alerts: 3, error: "no route")
            try ledger.record([event])
        }
        let again = try ledger()
        #expect(Set(try again.alerts()) == Set(alerts))
        #expect(try again.silences() == [silence])
        #expect(try again.notifications(atMs: 499) == [record])
        #expect(try again.acknowledgements() == [acknowledgement])
        #expect(
            try again.deadLetters() == [
                DeadLetter(
                    groupKey: "g", receiver: "r", firstMs: 9, lastMs: 9, failures: 1, alerts: 3, error: "no route")
            ])
        #expect(try again.events(fromMs: 0, toMs: 100) == [event])
        #expect(try again.integrityFindings().isEmpty)
    }

    @Test func whatIsKeptAgainReplacesAndWhatIsForgottenGoes() throws {
        let ledger = try ledger()
        let old = Self.alert("Down")
        try ledger.keep([old, Self.alert("Up")])
        var new = old
        new.annotations = ["summary": "worse"]
        try ledger.keep([new], forgetting: [Self.alert("Up").labels])
        #expect(try ledger.alerts() == [new])
        var silence = try Self.silence("one")
        try ledger.keep([silence, try Self.silence("two")])
        silence.comment = "still known"
        try ledger.keep([silence], forgetting: ["two"])
        #expect(try ledger.silences() == [silence])
        try ledger.keep(Acknowledgement(groupKey: "g", firing: [], atMs: 1, by: "a", note: ""))
        try ledger.removeAcknowledgement(ofGroup: "g")
        #expect(try ledger.acknowledgements().isEmpty)
    }

    @Test func notificationsThatHaveExpiredAreGone() throws {
        let ledger = try ledger()
        let records = [10, 20, 30].map { expires in
            NotificationRecord(
                groupKey: "g\(expires)", receiver: "r", atMs: 1, expiresMs: Int64(expires), firing: [], resolved: [])
        }
        try ledger.keep(records)
        #expect(try ledger.notifications(atMs: 20) == [records[2]])
        try ledger.removeExpiredNotifications(atMs: 30)
        // As if it were long ago: what was removed does not come back.
        #expect(try ledger.notifications(atMs: 0).isEmpty)
    }

    @Test func failuresCountUntilTheGroupIsToldAndThenBeginAnew() throws {
        let ledger = try ledger()
        for atMs in [10, 20] as [Int64] {
            try ledger.noteFailure(ofGroup: "g", at: "r", atMs: atMs, alerts: 1, error: "no")
        }
        try ledger.noteDelivery(ofGroup: "g", at: "r", atMs: 25)
        #expect(try ledger.deadLetters().map { [$0.firstMs, $0.lastMs, $0.deliveredMs] } == [[10, 20, 25]])
        #expect(try ledger.deadLetters()[0].failures == 2)
        try ledger.noteFailure(ofGroup: "g", at: "r", atMs: 30, alerts: 1, error: "again")
        #expect(try ledger.deadLetters().map { [$0.firstMs, $0.lastMs, $0.deliveredMs] } == [[30, 30, nil]])
        #expect(try ledger.deadLetters()[0].failures == 1)
    }

    @Test func eventsAreFoundByTimeNameAndConditionsTheNewestWhereThereAreTooMany() throws {
        let ledger = try ledger()
        let events = (1...20).map { number in
            AlertEvent(
                atMs: Int64(number), kind: .pending,
                labels: Labels([("alertname", number.isMultiple(of: 2) ? "Even" : "Odd"), ("n", "\(number % 3)")]))
        }
        try ledger.record(events)
        #expect(try ledger.events(fromMs: 5, toMs: 8) == Array(events[4...7]))
        let even = try ledger.events(fromMs: 0, toMs: 99, matching: [Matcher("alertname", equals: "Even")], limit: 3)
        #expect(even.map(\.atMs) == [16, 18, 20])
        let some = try ledger.events(
            fromMs: 0, toMs: 99, matching: [try Matcher("alertname", .matches, "Od."), Matcher("n", equals: "0")])
        #expect(some.map(\.atMs) == [3, 9, 15])
    }

    @Test func aSilenceWhoseConditionsCannotBeReadIsLeftOut() throws {
        let ledger = try ledger()
        try ledger.keep([try Self.silence("good"), try Self.silence("newer")])
        try ledger.database.write { connection throws(SQLiteError) in
            try connection.run(
                "UPDATE silences SET matchers = ? WHERE id = ?", .text("[[\"a\", \"~~\", \"1\"]]"), .text("newer"))
        }
        #expect(try ledger.silences().map(\.id) == ["good"])
    }

    @Test func aBackupHoldsWhatThereWasThen() throws {
        let ledger = try ledger()
        try ledger.keep([Self.alert("Down")])
        let folder = directory.file("backup")
        try ledger.backUp(to: folder)
        try ledger.keep([Self.alert("Up")])
        #expect(try AlertLedger(directory: folder).alerts() == [Self.alert("Down")])
        try ledger.backUp(to: folder)
        #expect(try AlertLedger(directory: folder).alerts().count == 2)
    }

    @Test func randomSetsOfHashesComeBack() {
        var random = SeededGenerator.announced()
        for count in [0, 1, 2, 100] {
            let hashes = Set((0..<count).map { _ in UInt64.random(in: .min ... .max, using: &random) })
            #expect(HashRows.hashes(HashRows.bytes(hashes)) == hashes)
        }
    }
}
