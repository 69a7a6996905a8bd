import Foundation
import LogQL
import Testing

/// Queries written by hand, each beside what Loki 3 says of it (`Tests/Fixtures/logql/malformed.tsv`: the query as JSON, a tab, the message).
///
/// Loki calls the line 0 where it has looked one character further to know a sign; the table has the line that is meant.
/// Where Loki names no place, any place is fine.
@Suite struct MalformedQueryTests {
    @Test func malformedQueriesAreRefusedInLokisWordsAndAtItsPlace() throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        let file = tests.appending(path: "Fixtures/logql/malformed.tsv").standardized
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        #expect(lines.count >= 200)
        for line in lines {
            let cells = line.split(separator: "\t", maxSplits: 1)
            let query = try JSONDecoder().decode(String.self, from: Data(cells[0].utf8))
            let expected = String(cells[1])
            var told = "nothing"
            do throws(LogQLError) {
                _ = try LogQuery(parsing: query)
            } catch {
                told = expected.hasPrefix("parse error : ") ? "parse error : \(error.message)" : error.description
            }
            #expect(told == expected, "of \(query)")
        }
    }
}
