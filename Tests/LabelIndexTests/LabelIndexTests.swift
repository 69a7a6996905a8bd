import Model
import Posix
import TestSupport
import Testing

@testable import LabelIndex

@Suite("The label index")
struct LabelIndexTests {
    @Test("answers matchers like a walk over all series, in memory, mapped and merged")
    func agreesWithBruteForce() throws {
        var generator = SeededGenerator.announced()
        for _ in 0..<20 {
            let world = LabelWorld(seriesCount: Int.random(in: 0...400, using: &generator), &generator)
            let third = world.series.count / 3
            let whole = world.memoryIndex(world.series.indices)
            let mapped = try mapped(LabelSegment.bytes(of: whole))
            let pieces = try [0..<third, third..<world.series.count].map {
                try self.mapped(LabelSegment.bytes(of: world.memoryIndex($0)))
            }
            let merged = try self.mapped(LabelSegment.bytes(merging: pieces))
            for _ in 0..<60 {
                let matchers = try world.matchers(&generator)
                let expected = world.matching(matchers)
                #expect(try ids(whole.matching(matchers)) { whole.ids[$0] } == expected, "\(matchers)")
                #expect(try ids(mapped.matching(matchers)) { mapped.id($0) } == expected, "\(matchers)")
                #expect(try ids(merged.matching(matchers)) { merged.id($0) } == expected, "\(matchers)")
            }
        }
    }

    @Test("finds every series by its labels and by its id, and none that is not there")
    func findsSeries() throws {
        var generator = SeededGenerator.announced()
        let world = LabelWorld(seriesCount: 3000, &generator)
        let memory = world.memoryIndex(world.series.indices)
        let segment = try mapped(LabelSegment.bytes(of: memory))
        for (index, labels) in world.series.enumerated() {
            #expect(memory.ordinal(of: labels.bytes.span, hash: labels.hash) == index)
            #expect(try segment.ordinal(of: labels.bytes.span, hash: labels.hash) == index)
            #expect(segment.ordinal(ofID: world.ids[index]) == index)
            #expect(segment.ordinal(ofID: world.ids[index] + 1) == nil)
            var bytes: [UInt8] = []
            try segment.appendLabels(index, to: &bytes)
            memory.appendLabels(index, to: &bytes)
            #expect(bytes == labels.bytes + labels.bytes)
        }
        let stranger = Labels([("__name__", "stranger")])
        #expect(memory.ordinal(of: stranger.bytes.span, hash: stranger.hash) == nil)
        #expect(try segment.ordinal(of: stranger.bytes.span, hash: stranger.hash) == nil)
    }

    @Test("drops series that are not kept, and pairs that nobody has any more")
    func mergesWhatIsKept() throws {
        var generator = SeededGenerator.announced()
        let world = LabelWorld(seriesCount: 500, &generator)
        let segment = try mapped(LabelSegment.bytes(of: world.memoryIndex(world.series.indices)))
        let merged = try mapped(LabelSegment.bytes(merging: [segment]) { $0 % 5 == 0 })
        let kept = world.ids.indices.filter { world.ids[$0] % 5 == 0 }
        #expect((0..<merged.count).map { merged.id($0) } == kept.map { world.ids[$0] })
        var names: Set<String> = []
        merged.forEachName { names.insert(text($0)) }
        #expect(names == Set(kept.flatMap { world.series[$0].pairs.map(\.name) }))
        for name in names {
            var values: [String: Int] = [:]
            try merged.forEachValue(of: Array(name.utf8).span) { values[text($0)] = $1 }
            let expected = Dictionary(kept.map { (world.series[$0][name], 1) }, uniquingKeysWith: +)
            #expect(values == expected.filter { !$0.key.isEmpty })
        }
    }

    @Test("refuses a segment with any byte changed or cut off")
    func detectsDamage() throws {
        var generator = SeededGenerator.announced()
        let world = LabelWorld(seriesCount: 20, &generator)
        let bytes = LabelSegment.bytes(of: world.memoryIndex(world.series.indices))
        for offset in bytes.indices {
            var damaged = bytes
            damaged[offset] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            #expect(throws: LabelIndexError.self, "byte \(offset)") { try mapped(damaged) }
        }
        for length in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: LabelIndexError.self, "length \(length)") { try mapped(Array(bytes[..<length])) }
        }
    }

    private func ids(_ set: PostingSet, _ id: (Int) -> UInt64) -> [UInt64] {
        var ids: [UInt64] = []
        set.forEach { ids.append(id(Int($0))) }
        return ids
    }

    private func text(_ bytes: Span<UInt8>) -> String {
        String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }

    private func mapped(_ bytes: [UInt8]) throws -> LabelSegment {
        let directory = TemporaryDirectory()
        let path = directory.file("segment")
        let file = try File(path, .create, in: LocalFileSystem())
        try file.write(bytes.span, at: 0)
        return try LabelSegment(try file.map())
    }
}

/// Random series over few names and values, so that matchers often hold.
struct LabelWorld {
    private(set) var series: [Labels] = []
    private(set) var ids: [UInt64] = []
    private static let names = ["__name__", "job", "instance", "zone", "é"]

    init(seriesCount: Int, _ generator: inout SeededGenerator) {
        var seen: Set<Labels> = []
        var id: UInt64 = 1
        while series.count < seriesCount {
            var pairs: [(name: String, value: String)] = [("__name__", Self.value("__name__", &generator))]
            for name in Self.names.dropFirst() where Bool.random(using: &generator) {
                pairs.append((name, Self.value(name, &generator)))
            }
            pairs.append(("n", String(Int.random(in: 0..<max(8, seriesCount), using: &generator))))
            let labels = Labels(pairs)
            guard seen.insert(labels).inserted else { continue }
            series.append(labels)
            ids.append(id)
            id += UInt64.random(in: 2...4, using: &generator)
        }
    }

    private static func value(_ name: String, _ generator: inout SeededGenerator) -> String {
        ["a", "ab", "b", "ba", "value-\(name)", "ü"].randomElement(using: &generator)!
    }

    func memoryIndex(_ range: Range<Int>) -> MemoryLabelIndex {
        var index = MemoryLabelIndex()
        for place in range {
            let labels = series[place]
            index.add(labels.bytes.span, hash: labels.hash, id: ids[place])
        }
        return index
    }

    func matchers(_ generator: inout SeededGenerator) throws -> [Matcher] {
        try (0..<Int.random(in: 0...3, using: &generator)).map { _ in
            let name = (Self.names + ["absent"]).randomElement(using: &generator)!
            let operations: [Matcher.Operation] = [.equal, .notEqual, .matches, .notMatches]
            let operation = operations.randomElement(using: &generator)!
            let patterns = ["a.*", "a|b", ".+", ".*", "", "a|", "(a|b)?.", ".*b", "v.+e.*", "ü"]
            let texts = ["a", "ab", "", "nothing", "ü"]
            let isPattern = operation == .matches || operation == .notMatches
            return try Matcher(name, operation, (isPattern ? patterns : texts).randomElement(using: &generator)!)
        }
    }

    func matching(_ matchers: [Matcher]) -> [UInt64] {
        series.indices.filter { place in
            matchers.allSatisfy { matcher in
                let value = Array(series[place][matcher.name].utf8)
                return matcher.matches(value.span)
            }
        }.map { ids[$0] }
    }
}
