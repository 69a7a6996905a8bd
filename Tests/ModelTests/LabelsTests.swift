import Model
import TestSupport
import Testing

struct LabelsTests {
    @Test func orderOfArrivalDoesNotMatter() {
        let a = Labels([("__name__", "up"), ("job", "node"), ("instance", "a:9100")])
        let b = Labels([("instance", "a:9100"), ("job", "node"), ("__name__", "up")])
        #expect(a == b)
        #expect(a.hash == b.hash)
        #expect(a.pairs.map(\.name) == ["__name__", "instance", "job"])
        #expect(a["instance"] == "a:9100")
        #expect(a["nothing"] == "")
        #expect(a.count == 3)
    }

    @Test func aLabelWithoutValueIsNoLabel() {
        #expect(Labels([("a", ""), ("b", "1")]) == Labels([("b", "1")]))
    }

    @Test func settingANameAgainReplacesItsValue() {
        var builder = LabelsBuilder(Labels([("a", "1"), ("b", "2")]))
        builder.set("a", "3")
        builder.remove("b")
        #expect(builder.labels() == Labels([("a", "3")]))
    }

    @Test func aRepeatedNameIsReported() {
        var builder = LabelsBuilder()
        let name: [UInt8] = Array("a".utf8)
        builder.append(name.span, Array("1".utf8).span)
        builder.append(name.span, Array("2".utf8).span)
        var bytes: [UInt8] = [7]
        let written = builder.write(into: &bytes)
        #expect(!written)
        #expect(bytes == [7])
    }

    /// The order of Prometheus' labels.Compare: pairs in turn, name before value, a prefix first.
    @Test func orderIsByPairs() {
        let ordered = [
            Labels([]), Labels([("a", "1")]), Labels([("a", "1"), ("b", "2")]), Labels([("a", "10")]),
            Labels([("a", "2")]), Labels([("aa", "1")]), Labels([("b", "1")]),
        ]
        #expect(ordered.reversed().sorted() == ordered)
    }

    @Test func longNamesAndValuesSurvive() {
        var random = SeededGenerator(seed: 7)
        for length in [127, 128, 129, 16383, 16384, 70000] {
            let name = String(repeating: "n", count: length)
            let value = String((0..<length).map { _ in "abcé".randomElement(using: &random)! })
            let labels = Labels([(name, value), ("z", "end")])
            #expect(labels[name] == value)
            #expect(labels["z"] == "end")
        }
    }
}
