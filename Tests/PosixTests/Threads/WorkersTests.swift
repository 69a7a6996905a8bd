import Posix
import Testing

@Suite struct WorkersTests {
    @Test(arguments: [0, 1, 3])
    func everyPartIsDoneOnceAndToldInOrder(helpers: Int) throws {
        let workers = try Workers(helpers: helpers)
        defer { workers.stop() }
        for parts in [0, 1, 2, 7, 500] {
            let done = Lock([Int](repeating: 0, count: parts))
            let results = workers.map(parts: parts) { part in
                done.withLock { $0[part] += 1 }
                return part * part
            }
            #expect(results == (0..<parts).map { $0 * $0 })
            #expect(done.withLock { $0.allSatisfy { $0 == 1 } })
        }
    }

    @Test func theErrorOfTheLowestPartIsThrown() throws {
        struct Failure: Error, Equatable { let part: Int }
        let workers = try Workers(helpers: 2)
        defer { workers.stop() }
        #expect(throws: Failure(part: 3)) {
            try workers.map(parts: 9) { (part) throws(Failure) in
                if part % 3 == 0 && part > 0 { throw Failure(part: part) }
            }
        }
    }

    @Test func workGoesOnWithoutThreadsThatWereEnded() throws {
        let workers = try Workers(helpers: 2)
        workers.stop()
        #expect(workers.map(parts: 5) { $0 } == [0, 1, 2, 3, 4])
    }
}
