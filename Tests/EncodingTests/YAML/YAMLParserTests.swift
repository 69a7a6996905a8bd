import Encoding
import Testing

@Suite struct YAMLParserTests {
    private func error(_ text: String) -> String {
        do {
            _ = try YAMLParser.document(text, file: "a.yml")
            return "accepted"
        } catch { return error.description }
    }

    @Test func knowsWhereEachNodeBegins() throws {
        let root = try #require(
            try YAMLParser.document("# note\na: 1\nb:\n  - x\n  - {c: \"ü\", d: y}\n", file: "a.yml"))
        let list = try #require(root["b"])
        guard case .sequence(let entries) = list.content else {
            Issue.record("b is no list")
            return
        }
        #expect((root.line, root.column) == (2, 1))
        #expect((list.line, list.column) == (4, 3))
        let d = try #require(entries[1]["d"])
        #expect((d.line, d.column, d.text) == (5, 17, "y"))
    }

    @Test(arguments: ["", "   \n", "# only a comment\n", "---\n", "---\n...\n", "null\n", "---\n---\n"])
    func findsNoDocumentInAnEmptyFile(text: String) throws {
        #expect(try YAMLParser.document(text, file: "a.yml") == nil)
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3\n", "a.yml:3:1: duplicate key \"a\"; it is already set in line 1: keep one"),
        ("a: 1\n---\nb: 2\n", "a.yml:3:1: the file has a second document; put it into a file of its own"),
        ("[a]: 1\n", "a.yml:1:1: a list cannot be a key; keys are text"),
        ("a: *b\n", "a.yml:1:4: unknown anchor *b; define it before with &b"),
        ("a: &x [1, *x]\n", "a.yml:1:11: the alias *x stands inside its own anchor"),
        ("a: !local 1\n", "a.yml:1:4: the tag !local is not known here; leave it out"),
        ("<<: 1\n", "a.yml:1:5: `<<` merges 1; give it a mapping or a list of mappings"),
        (
            "a: !!binary \"/w==\"\n",
            "a.yml:1:4: \"\\xff\" is not a valid name or value; names and values are UTF-8 text"
        ),
        ("a: !!binary \"/w=\"\n", "a.yml:1:4: !!binary is not valid Base64"),
    ])
    func refusesWithLineAndColumn(text: String, expected: String) {
        #expect(error(text) == expected)
    }

    @Test(arguments: [
        ("a: [1, 2\n", "a.yml:2:1: not valid YAML"), ("a:\n\t- 1\n", "a.yml:2:1: not valid YAML"),
        ("a: 1\n b: 2\n", "a.yml:2:3: not valid YAML"), ("\"a\n", "a.yml:2:1: not valid YAML"),
        ("x: y\na: \u{1}\n", "a.yml:2:4: control characters are not allowed"),
    ])
    func passesOnWhatTheParserSays(text: String, expected: String) {
        #expect(error(text).hasPrefix(expected), "\(error(text))")
    }

    @Test func refusesBytesThatAreNotUTF8() {
        let bytes: [UInt8] = Array("a: 1\nü: ".utf8) + [0xff]
        #expect {
            _ = try YAMLParser.document(bytes.span, file: "a.yml")
        } throws: { "\($0)" == "a.yml:2:4: the text is not valid UTF-8; save it as UTF-8" }
    }

    @Test func mergesMappingsUnderOwnKeys() throws {
        let text = """
            base: &base {a: 1, b: 1}
            other: &other {b: 2, c: 2}
            one: {<<: *base, b: own}
            two: {<<: [*base, *other], d: 4}
            quoted: {"<<": text}
            """
        let root = try #require(try YAMLParser.document(text, file: "a.yml"))
        func pairs(_ key: String) -> [String] {
            guard case .mapping(let pairs)? = root[key]?.content else { return [] }
            return pairs.map { "\($0.key)=\($0.value.text ?? "?")" }
        }
        #expect(pairs("one") == ["b=own", "a=1"])
        #expect(pairs("two") == ["d=4", "a=1", "b=1", "c=2"])
        #expect(pairs("quoted") == ["<<=text"])
    }

    @Test func boundsDepthAndTheExpansionOfAliases() {
        #expect(error(String(repeating: "[", count: 101)).contains("more than 100 levels deep"))
        var laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            laughs += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(error(laughs).contains("nodes, aliases expanded"))
    }

    @Test(arguments: ["", "~", "null", "Null", "NULL"])
    func plainNullIsNull(text: String) throws {
        let root = try #require(try YAMLParser.document("a: \(text)\nb: '\(text)'\nc: !!str \(text)\n", file: "a.yml"))
        #expect(root["a"]?.isNull == true)
        #expect(root["b"]?.text == text)
        #expect(root["c"]?.text == text)
    }
}
