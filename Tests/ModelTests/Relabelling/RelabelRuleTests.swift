import Encoding
import Model
import Testing

@Suite struct RelabelRuleTests {
    static let labels = ["a": "foo", "b": "bar", "c": "baz", "__meta_x_team": "Ops", "__meta_x_zone": "é1"]

    private func apply(_ rule: RelabelRule, to pairs: [String: String] = labels) -> [String: String]? {
        var builder = LabelsBuilder()
        for (name, value) in pairs { builder.set(name, value) }
        guard rule.apply(to: &builder) else { return nil }
        return Dictionary(uniqueKeysWithValues: builder.pairs.map { ($0.name, $0.value) })
    }

    private func changes(_ rule: RelabelRule) throws -> [String: String] {
        let changed = try #require(apply(rule))
        return changed.filter { Self.labels[$0.key] != $0.value }
    }

    @Test func replaceWritesTheExpandedTemplate() throws {
        let joined = try RelabelRule(.replace, sourceLabels: ["a", "b"], targetLabel: "d")
        #expect(try changes(joined) == ["d": "foo;bar"])
        let groups = try RelabelRule(
            .replace, sourceLabels: ["a"], pattern: "f(.*)", targetLabel: "d${1}", replacement: "x-$1-$0")
        #expect(try changes(groups) == ["doo": "x-oo-foo"])
        let constant = try RelabelRule(.replace, targetLabel: "d", replacement: "static")
        #expect(try changes(constant) == ["d": "static"])
    }

    @Test func replaceDoesNothingWithoutAMatch() throws {
        let rule = try RelabelRule(.replace, sourceLabels: ["a"], pattern: "fo", targetLabel: "d", replacement: "x")
        #expect(try changes(rule).isEmpty)
    }

    @Test func replaceRemovesALabelByAnEmptyValue() throws {
        let rule = try RelabelRule(.replace, sourceLabels: ["a"], targetLabel: "a", replacement: "")
        #expect(try #require(apply(rule))["a"] == nil)
    }

    @Test func replaceIgnoresATargetThatIsNoName() throws {
        let rule = try RelabelRule(
            .replace, sourceLabels: ["__meta_x_zone"], targetLabel: "${1}", replacement: "x", validation: .legacy)
        #expect(try changes(rule).isEmpty)
    }

    @Test(arguments: [
        (RelabelRule.Action.keep, "foo", true), (.keep, "fo", false), (.drop, "foo", false), (.drop, "fo", true),
    ])
    func keepAndDropMatchTheWholeValue(action: RelabelRule.Action, pattern: String, isKept: Bool) throws {
        let rule = try RelabelRule(action, sourceLabels: ["a"], pattern: pattern)
        #expect((apply(rule) != nil) == isKept)
    }

    @Test(arguments: [
        (RelabelRule.Action.keepequal, "foo", true), (.keepequal, "bar", false), (.dropequal, "foo", false),
        (.dropequal, "bar", true),
    ])
    func keepAndDropCompareWithTheTarget(action: RelabelRule.Action, target: String, isKept: Bool) throws {
        let rule = try RelabelRule(action, sourceLabels: ["a"], targetLabel: "t")
        #expect((apply(rule, to: ["a": "foo", "t": target]) != nil) == isKept)
    }

    /// Values of Prometheus' own test of relabelling.
    @Test(arguments: [(["c"], "baz", UInt64(1000), "976"), (["c"], "foo\nbar", 1000, "734")])
    func hashmodDistributesAsPrometheusDoes(source: [String], value: String, modulus: UInt64, expected: String) throws {
        let rule = try RelabelRule(.hashmod, sourceLabels: source, modulus: modulus, targetLabel: "d")
        #expect(try #require(apply(rule, to: ["a": "foo", "b": "bar", "c": value]))["d"] == expected)
    }

    @Test func labelmapCopiesUnderTheExpandedName() throws {
        let rule = try RelabelRule(.labelmap, pattern: "__meta_x_(.+)", replacement: "x_$1")
        #expect(try changes(rule) == ["x_team": "Ops", "x_zone": "é1"])
    }

    @Test func labeldropAndLabelkeepLookAtNames() throws {
        #expect(try apply(RelabelRule(.labeldrop, pattern: "__meta_.*")) == ["a": "foo", "b": "bar", "c": "baz"])
        #expect(try apply(RelabelRule(.labelkeep, pattern: "[ab]")) == ["a": "foo", "b": "bar"])
    }

    @Test func caseIsMappedCharacterByCharacter() throws {
        #expect(try changes(RelabelRule(.lowercase, sourceLabels: ["__meta_x_team"], targetLabel: "d")) == ["d": "ops"])
        let upper = try RelabelRule(.uppercase, sourceLabels: ["__meta_x_zone"], targetLabel: "d")
        #expect(try changes(upper) == ["d": "É1"])
    }

    @Test func rulesStopAtTheFirstThatDrops() throws {
        let rules = [
            try RelabelRule(.replace, targetLabel: "d", replacement: "x"),
            try RelabelRule(.drop, sourceLabels: ["d"], pattern: "x"),
            try RelabelRule(.replace, targetLabel: "e", replacement: "y"),
        ]
        var builder = LabelsBuilder()
        let isKept = rules.apply(to: &builder)
        #expect(!isKept)
        #expect(builder.pairs.map(\.name) == ["d"])
    }
}
