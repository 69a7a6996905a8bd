import StoreModel
import TestSupport
import Testing

/// Random steps against the store and against a map; the program StoreModel makes more of them.
@Suite("The store against a map")
struct StoreModelTests {
    @Test("gives the same answers after any sequence of appends, deletions, flushes, merges and restarts")
    func agreesWithAMap() throws {
        try StoreModel.run(SeededGenerator.announced(), steps: 20_000)
    }
}
