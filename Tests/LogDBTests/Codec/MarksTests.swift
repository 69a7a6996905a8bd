import TestSupport
import Testing

@testable import LogDB

/// Loops over eight marks at once against those over each.
@Suite struct MarksTests {
    private static let shares = [0, 1, 50, 99, 100]

    @Test func marksAreFoundAndSetAsOneByOne() {
        var random = SeededGenerator.announced()
        for count in Array(0...40) + [64, 100, 1000] {
            for share in Self.shares {
                let marks = (0..<count).map { _ in Int.random(in: 0..<100, using: &random) < share }
                #expect(marks.isAnySet == marks.contains(true))
                #expect(marks.areAllSet == !marks.contains(false))
                let start = Int.random(in: 0...count, using: &random)
                let end = Int.random(in: start...count, using: &random)
                var found: [Int] = []
                marks.forEachSet(in: start..<end) { found.append($0) }
                #expect(found == (start..<end).filter { marks[$0] })
            }
        }
    }

    @Test func valuesLeadToTheirRows() {
        var random = SeededGenerator.announced()
        for share in Self.shares {
            var next: Int32 = 0
            let rank = (0..<500).map { _ -> Int32 in
                guard Int.random(in: 0..<100, using: &random) < share else { return -1 }
                defer { next += 1 }
                return next
            }
            let values = (0..<Int(next)).map { _ in Int.random(in: 0..<4, using: &random) == 0 }
            var rows: [Int] = []
            values.forEachRow(rank) { rows.append($0) }
            #expect(rows == rank.indices.filter { rank[$0] >= 0 && values[Int(rank[$0])] })
            // Of a damaged block there may be more values than rows.
            var more: [Int] = []
            (values + [true, true]).forEachRow(rank) { more.append($0) }
            #expect(more == rows)
        }
    }

    @Test(arguments: [1, 3, 17, 256]) func codesThatAreHeldSetTheirMarks(_ held: Int) {
        var random = SeededGenerator.announced()
        for count in [0, 1, 15, 16, 17, 500] {
            let codes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            var isHeld = [Bool](repeating: false, count: 256)
            for _ in 0..<held { isHeld[Int.random(in: 0..<256, using: &random)] = true }
            let before = codes.map { _ in Int.random(in: 0..<5, using: &random) == 0 }
            var marks = before
            marks.set(whereCodes: codes, areIn: isHeld)
            #expect(marks == codes.indices.map { before[$0] || isHeld[Int(codes[$0])] })
        }
    }
}
