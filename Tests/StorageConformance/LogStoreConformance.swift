import Model
import Posix
import Storage
import Testing
import Text

/// Every promise of `LogStore`, asked of each implementation.
@Suite("A log store")
struct LogStoreConformance {
    private let api = Labels([("app", "api"), ("env", "prod")])
    private let web = Labels([("app", "web")])

    @Test("shows what it accepted at once, byte for byte, in the order asked for", arguments: LogStoreKind.allCases)
    func showsAccepted(kind: LogStoreKind) throws {
        let test = try kind.make()
        let lines = [
            "plain text 12", #"{"a":1,"b":{"c":"x"},"d":[1, 2]}"#, #"level=info msg="two words" n=007"#, "",
            "\u{0}\u{1f}\tnot \"closed", #"{"broken": "#, "Grüße 1.50 01.5 -0 +1 1e5",
            String(repeating: "long ", count: 900),
        ]
        for (index, line) in lines.enumerated() { try test.append(api, (Int64(index * 10), line)) }
        let expected = lines.enumerated().map { ReadEntry(api, Int64($0 * 10), $1) }
        #expect(try test.read() == expected)
        #expect(try test.read { $0.order = .newestFirst } == expected.reversed())
    }

    @Test("takes any order and any age", arguments: LogStoreKind.allCases)
    func takesAnyAge(kind: LogStoreKind) throws {
        let test = try kind.make()
        try test.append(api, (1_790_000_000_000_000_000, "now"), (0, "1970"))
        try test.append(api, (-5, "before"), (1_600_000_000_000_000_000, "then"))
        #expect(try test.read().map(\.line) == ["before", "1970", "then", "now"])
    }

    @Test(
        "keeps equal entries as often as they come, unless the batch says otherwise", arguments: LogStoreKind.allCases)
    func keepsRepeats(kind: LogStoreKind) throws {
        let test = try kind.make()
        try test.append(api, (1, "x"), (1, "x"))
        #expect(try test.append(api, (1, "x")).accepted == 1)
        #expect(try test.read().count == 3)
        let outcome = try test.append(web, (1, "x"), (1, "x"), (2, "x"), dropsRepeats: true)
        #expect(outcome.accepted == 2 && outcome.repeats == 1)
        #expect(try test.append(web, (2, "x"), (2, "y"), dropsRepeats: true).repeats == 1)
        #expect(try test.read { $0.matchers = [Matcher("app", equals: "web")] }.map(\.line) == ["x", "x", "y"])
    }

    @Test("takes a batch with an identity once", arguments: LogStoreKind.allCases)
    func takesIdentifiedOnce(kind: LogStoreKind) throws {
        let test = try kind.make()
        let first = LogBatch.Identity(sender: "agent-1", sequence: 7)
        for round in 0..<5 {
            let outcome = try test.append(api, (1, "x"), (2, "y"), identity: first)
            #expect(outcome.isRepeatedBatch == (round > 0) && outcome.accepted == (round > 0 ? 0 : 2))
        }
        try test.append(api, (3, "z"), identity: LogBatch.Identity(sender: "agent-1", sequence: 6))
        try test.append(api, (4, "other"), identity: LogBatch.Identity(sender: "agent-2", sequence: 7))
        #expect(try test.read().map(\.line) == ["x", "y", "z", "other"])
    }

    @Test("selects streams by matchers, an absent label being an empty one", arguments: LogStoreKind.allCases)
    func selectsStreams(kind: LogStoreKind) throws {
        let test = try kind.make()
        let streams = [api, web, Labels([("app", "api"), ("env", "test")]), Labels([("zone", "z")])]
        for (index, stream) in streams.enumerated() { try test.append(stream, (Int64(index), "line")) }
        for (name, operation, value) in [
            ("app", Matcher.Operation.equal, "api"), ("env", .equal, ""), ("env", .notEqual, "prod"),
            ("app", .matches, "a.*|w.*"), ("app", .notMatches, "api"), ("none", .equal, "x"), ("zone", .matches, ".+"),
        ] {
            let matcher = try Matcher(name, operation, value)
            let expected = streams.filter { stream in
                let bytes = Array(stream[name].utf8)
                return matcher.matches(bytes.span)
            }
            #expect(try test.read { $0.matchers = [matcher] }.map(\.stream) == expected, "\(matcher)")
            #expect(try test.store.streams(LabelRequest(selectors: [[matcher]])) == expected.sorted(), "\(matcher)")
        }
        #expect(try test.store.labelNames(LabelRequest()) == ["app", "env", "zone"])
        #expect(try test.store.labelValues("app", LabelRequest()) == ["api", "web"])
    }

    @Test("answers a range with both its ends", arguments: LogStoreKind.allCases)
    func includesBothEnds(kind: LogStoreKind) throws {
        let test = try kind.make()
        try test.append(api, (10, "a"), (20, "b"), (30, "c"), (40, "d"))
        func lines(_ startNs: Int64, _ endNs: Int64) throws -> [String] {
            try test.read {
                $0.startNs = startNs
                $0.endNs = endNs
            }.map(\.line)
        }
        #expect(try lines(20, 30) == ["b", "c"])
        #expect(try lines(21, 29).isEmpty)
        #expect(try lines(30, 20).isEmpty)
    }

    @Test("tells the first entries in either order up to a limit", arguments: LogStoreKind.allCases)
    func limits(kind: LogStoreKind) throws {
        let test = try kind.make()
        for number in 0..<250 {
            try test.append(number % 3 == 0 ? web : api, (Int64(number * 7 % 250), "\(number * 7 % 250)"))
        }
        for limit in [0, 1, 100, 250, 1000] {
            let oldest = try test.read { $0.limit = limit }
            #expect(oldest.map(\.line) == (0..<min(limit, 250)).map { "\($0)" })
            let newest = try test.read {
                $0.limit = limit
                $0.order = .newestFirst
            }
            #expect(newest.map(\.line) == (0..<min(limit, 250)).map { "\(249 - $0)" })
        }
    }

    @Test("finds lines by what they contain, wherever in the line it is", arguments: LogStoreKind.allCases)
    func filtersLines(kind: LogStoreKind) throws {
        let test = try kind.make()
        let lines = [
            #"{"msg":"order 17 cancelled by user 9","status":500}"#, #"{"msg":"order 18 shipped","status":200}"#,
            "order 17 and more", "GET /x?id=17 500", #"level=warn order=17"#, #"{"trace":"00ff17ab00ff17ab"}"#,
            #"{"trace":"00ff17ac00ff17ab"}"#, #"{"ip":"10.0.17.1","d":1.25}"#, #"{"ip":"10.0.7.11","d":17}"#, "",
        ]
        for (index, line) in lines.enumerated() { try test.append(api, (Int64(index), line)) }
        for needle in [
            "17", "order", "order 17", #"user 9","status":5"#, "500", "{", "ff17ab", "00ff17ab00ff17ab", "10.0.17.1",
            ".25",
            "zz", "", "ORDER", "cancelled by user", #""msg""#, "=17", "7,", #"7"}"#, "0.",
        ] {
            for isNegative in [false, true] {
                let found = try test.read {
                    $0.lineFilters = [LogLineFilter(contains: Array(needle.utf8), isNegative: isNegative)]
                }
                let expected = lines.filter { (needle.isEmpty || $0.contains(needle)) != isNegative }
                #expect(found.map(\.line) == expected, "\(needle) \(isNegative)")
            }
        }
    }

    @Test("finds lines by expressions and by any of several texts", arguments: LogStoreKind.allCases)
    func matchesLines(kind: LogStoreKind) throws {
        let test = try kind.make()
        let lines = [
            #"{"msg":"order 17 cancelled by user 9","status":500}"#, #"{"msg":"order 18 refunded by admin","k":"x"}"#,
            "ORDER 17 Cancelled by user", "order x cancelled by user", #"level=warn msg="Connection reset""#,
            "CONNECTION RESET by peer", "connection re\u{17f}et", "nothing", "",
        ]
        for (index, line) in lines.enumerated() { try test.append(api, (Int64(index), line)) }
        for pattern in [
            "order [0-9]+ (cancelled by user|refunded by admin)", "(?i)connection reset", "(?i)order 17", "^order",
            "user$", #"user 9","status""#, "[0-9]+", "(?i)peer", "d by [ua]", ".",
        ] {
            let expression = try RegularExpression(pattern)
            for isNegative in [false, true] {
                let found = try test.read {
                    $0.lineFilters = [LogLineFilter(matches: expression, isNegative: isNegative)]
                }
                let expected = lines.filter { expression.matches(Array($0.utf8).span) != isNegative }
                #expect(found.map(\.line) == expected, "\(pattern) \(isNegative)")
            }
        }
        let any = ["refunded", "peer", "zz"].map { Array($0.utf8) }
        #expect(
            try test.read { $0.lineFilters = [LogLineFilter(containsAny: any)] }.map(\.timestampNs) == [1, 5])
        #expect(
            try test.read { $0.lineFilters = [LogLineFilter(containsAny: any, isNegative: true)] }.count == 7)
    }

    @Test("tells values as labels have them, numbers as numbers, and formats", arguments: LogStoreKind.allCases)
    func tellsColumns(kind: LogStoreKind) throws {
        let test = try kind.make()
        try test.append(
            api,
            [
                (1, #"{"a.b":1,"a-b":2,"n":null,"list":[1],"d":2.50}"#, Labels.empty),
                (2, #"{"n":null,"n":"later","d":"2.5x"}"#, Labels([("a_b", "of metadata")])),
                (3, #"a_b=x n= d=7 e=1=2"#, Labels.empty), (4, "plain", Labels([("d", "1e3")])),
            ])
        func told(_ name: String, _ format: LogFields.Format?, isNumber: Bool = false) throws -> [String?] {
            var request = LogSelectRequest(matchers: [])
            request.order = .oldestFirst
            request.fields = [LogWantedField(name, isNumber: isNumber)]
            request.fieldFormat = format
            request.namesAreLabels = true
            request.wantsFormats = true
            request.wantsLines = false
            var block = LogBlock()
            var told: [String?] = []
            let scan = try test.store.scan(request)
            while try scan.next(into: &block) {
                #expect(block.mayHaveMetadata)
                for entry in 0..<block.count {
                    #expect(
                        block.formats[entry] == [.json, .json, .logfmt, .plain][Int(block.timestampsNs[entry]) - 1])
                    let code = block.fields[0].codes[entry]
                    guard code != LogBlock.Field.absent else {
                        told.append(nil)
                        continue
                    }
                    if isNumber, let number = block.fields[0].numbers[Int(code)] {
                        told.append("#\(number)")
                    } else {
                        told.append(
                            String(decoding: block.fields[0].bytes[block.value(entry, ofField: 0)], as: UTF8.self))
                    }
                }
            }
            return told
        }
        #expect(try told("a_b", nil) == ["1", "of metadata", "x", nil])
        #expect(try told("a_b", .logfmt) == [nil, "of metadata", "x", nil])
        #expect(try told("a_b", .plain) == [nil, "of metadata", nil, nil])
        #expect(try told("n", .json) == [nil, "later", nil, nil])
        #expect(try told("list", .json) == [nil, nil, nil, nil])
        #expect(try told("e", .logfmt) == [nil, nil, nil, nil])
        #expect(try told("d", nil, isNumber: true) == ["#2.5", "2.5x", "#7.0", "#1000.0"])
    }

    @Test("finds and tells fields of JSON, logfmt and metadata", arguments: LogStoreKind.allCases)
    func filtersFields(kind: LogStoreKind) throws {
        let test = try kind.make()
        try test.append(
            api,
            [
                (1, #"{"status":200,"http":{"path":"/a","tags":["x","y"]},"text":"a \"b\" \u00e9"}"#, Labels.empty),
                (2, #"{"status":503,"http":{"path":"/b"},"duration":1.5}"#, Labels([("trace", "t2")])),
                (3, #"status=404 path=/c text="two words""#, Labels([("status", "999")])),
                (4, "nothing here", Labels([("trace", "t4")])), (5, #"{"status":"n/a"}"#, .empty),
            ])
        func times(_ condition: LogFieldCondition) throws -> [Int64] {
            try test.read { $0.fieldConditions = [condition] }.map(\.timestampNs)
        }
        #expect(try times(LogFieldCondition("status", .greaterOrEqual, 500)) == [2, 3])
        #expect(try times(LogFieldCondition("status", .less, 500)) == [1])
        #expect(try times(LogFieldCondition("duration", .equal, 1.5)) == [2])
        #expect(try times(LogFieldCondition(Matcher("http.path", equals: "/b"))) == [2])
        #expect(try times(LogFieldCondition(try Matcher("http.path", .matches, "/.*"))) == [1, 2])
        #expect(try times(LogFieldCondition(Matcher("text", equals: "a \"b\" é"))) == [1])
        #expect(try times(LogFieldCondition(Matcher("trace", equals: "t4"))) == [4])
        #expect(try times(LogFieldCondition(try Matcher("trace", .notEqual, "t4"))) == [1, 2, 3, 5])
        #expect(try times(LogFieldCondition(Matcher("http.tags", equals: #"["x","y"]"#))) == [1])
        let told = try test.read {
            $0.fields = ["status", "http.path", "text", "trace"].map { LogWantedField($0) }
            $0.wantsLines = false
        }
        #expect(
            told.map(\.fields) == [
                ["200", "/a", "a \"b\" é", ""], ["503", "/b", "", "t2"], ["999", "", "two words", ""],
                ["", "", "", "t4"],
                ["n/a", "", "", ""],
            ])
        #expect(try test.read().map(\.metadata)[1] == Labels([("trace", "t2")]))
    }

    @Test("keeps a scan as it was, while it goes on", arguments: LogStoreKind.allCases)
    func pinsScans(kind: LogStoreKind) throws {
        let test = try kind.make()
        for number in 0..<300 { try test.append(api, (Int64(number), "line \(number)")) }
        var request = LogSelectRequest(matchers: [])
        request.order = .oldestFirst
        let scan = try test.store.scan(request)
        try test.append(api, (50, "later"))
        try test.store.delete(LabelRequest())
        #expect(try test.read(scan).map(\.line) == (0..<300).map { "line \($0)" })
        #expect(try test.read().isEmpty)
    }

    @Test("deletes by selector and time, and takes the same again afterwards", arguments: LogStoreKind.allCases)
    func deletes(kind: LogStoreKind) throws {
        let test = try kind.make()
        for ms in 0..<10 {
            try test.append(api, (Int64(ms) * 1_000_000, "a\(ms)"))
            try test.append(web, (Int64(ms) * 1_000_000, "w\(ms)"))
        }
        try test.store.delete(LabelRequest(selectors: [[Matcher("app", equals: "api")]], startMs: 3, endMs: 6))
        #expect(try test.read().filter { $0.stream == api }.map(\.line) == ["a0", "a1", "a2", "a7", "a8", "a9"])
        #expect(try test.read().filter { $0.stream == web }.count == 10)
        try test.append(api, (4_000_000, "again"))
        #expect(try test.read().filter { $0.stream == api }.map(\.line)[3] == "again")
        try test.store.delete(LabelRequest())
        #expect(try test.read().isEmpty)
        #expect(try test.store.streams(LabelRequest()).isEmpty)
    }

    @Test("ends a scan that is cancelled", arguments: LogStoreKind.allCases)
    func cancels(kind: LogStoreKind) throws {
        let test = try kind.make()
        try test.append(api, (1, "x"))
        let request = LogSelectRequest(matchers: [])
        let scan = try test.store.scan(request)
        request.cancellation.raise()
        var block = LogBlock()
        #expect(throws: StorageError.cancelled) { try scan.next(into: &block) }
    }

    @Test("tells how much each stream holds within a range", arguments: LogStoreKind.allCases)
    func tellsVolumes(kind: LogStoreKind) throws {
        let test = try kind.make()
        for instant in 0..<200 as Range<Int64> {
            try test.append(instant % 4 == 0 ? api : web, (instant * 1_000_000, "line of ten"))
        }
        func entries(_ change: (inout LogSelectRequest) -> Void = { _ in }) throws -> [Labels: Int] {
            var request = LogSelectRequest(matchers: [])
            change(&request)
            return Dictionary(uniqueKeysWithValues: try test.store.volumes(request).map { ($0.stream, $0.entries) })
        }
        #expect(try entries() == [api: 50, web: 150])
        #expect(try entries { $0.matchers = [Matcher("app", equals: "web")] } == [web: 150])
        #expect(
            try entries {
                $0.startNs = 100_000_000
                $0.endNs = 103_000_000
            } == [api: 1, web: 3])
        #expect(try test.store.volumes(LogSelectRequest(matchers: [])).map(\.bytes) == [550, 1650])
        try test.store.delete(LabelRequest(selectors: [[Matcher("app", equals: "web")]], startMs: 0, endMs: 99))
        #expect(try entries() == [api: 50, web: 75])
    }

    @Test("tells tails what was taken since, of the streams that they asked for", arguments: LogStoreKind.allCases)
    func tellsTails(kind: LogStoreKind) throws {
        let test = try kind.make()
        try test.append(api, (1, "before"))
        let woken = Lock(0)
        let tail = try test.store.tail([Matcher("app", equals: "api")], bytesMax: 12) { woken.withLock { $0 += 1 } }
        var block = LogBlock()
        #expect(!tail.next(into: &block, waitMs: 0))
        try test.append(web, (2, "other"))
        try test.append(api, (3, "first"), (3, "first"), dropsRepeats: true)
        try test.append(api, (4, "second"), (5, "third is too long"))
        #expect(woken.withLock { $0 } == 2)
        #expect(tail.next(into: &block, waitMs: 0))
        #expect(block.streams == [api] && block.timestampsNs == [3, 4] && block.lineBytes == Array("firstsecond".utf8))
        #expect(tail.takeDropped() == 1 && tail.takeDropped() == 0)
        try test.append(api, (6, "after"))
        #expect(tail.next(into: &block, waitMs: 0) && block.timestampsNs == [6])
        tail.close()
        try test.append(api, (7, "closed"))
        #expect(!tail.next(into: &block, waitMs: 0))
    }
}
