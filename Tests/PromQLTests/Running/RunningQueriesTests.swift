import Posix
import PromQL
import TestSupport
import Testing

@Suite struct RunningQueriesTests {
    private func question(_ principal: String) -> RunningQueries.Question {
        RunningQueries.Question(query: "up", principal: principal, startMs: 0, endMs: 0, stepMs: 0)
    }

    @Test func aQueryIsListedFromItsBeginToItsEnd() throws {
        let running = RunningQueries(perPrincipalMax: 8, time: ManualTime())
        let first = try #require(running.begin(question("a")))
        let second = try #require(running.begin(question("b")))
        second.state = .running
        #expect(running.all.map(\.number) == [first.number, second.number])
        #expect(running.count(.waiting) == 1)
        #expect(running.count(.running) == 1)
        running.end(first)
        running.end(first)
        #expect(running.all.map(\.number) == [second.number])
    }

    @Test func onePrincipalHasItsShareAndTheOthersTheirs() throws {
        let running = RunningQueries(perPrincipalMax: 2, time: ManualTime())
        let first = try #require(running.begin(question("a")))
        _ = try #require(running.begin(question("a")))
        #expect(running.begin(question("a")) == nil)
        #expect(running.begin(question("b")) != nil)
        running.end(first)
        #expect(running.begin(question("a")) != nil)
    }

    @Test func aKilledQueryEnds() throws {
        let running = RunningQueries(perPrincipalMax: 2, time: ManualTime())
        let engine = Engine(store: try OddSeries(seed: 1, samples: 20).store(), workers: try Workers(helpers: 0))
        let entry = try #require(running.begin(question("a")))
        let prepared = try engine.prepareInstant(
            try Parser.parse("sum(requests_total)"), atMs: OddSeries.startMs + 60_000, entry.progress)
        #expect(!running.kill(entry.number + 1))
        #expect(running.kill(entry.number))
        let error = #expect(throws: QueryError.self) { _ = try prepared.run() }
        #expect(error?.kind == .cancelled)
    }
}
