import Encoding
import TestSupport
import Testing

@Suite struct JSONFieldsTests {
    private func fields(_ text: String) -> [String]? {
        let bytes = Array(text.utf8)
        var scanner = JSONFields()
        guard scanner.scan(bytes.span) else { return nil }
        return scanner.fields.map { field in
            let name = String(decoding: bytes[field.name], as: UTF8.self)
            let value = String(decoding: bytes[field.value], as: UTF8.self)
            return "\(name)=\(field.kind):\(value)" + (field.nameHasEscapes || field.valueHasEscapes ? " escaped" : "")
        }
    }

    @Test func findsEveryFieldOfALine() {
        let line =
            #" { "level" : "info","n":-1.5e3 ,"ok":true,"no":false,"z":null,"e\"k":"a\\","o":{"x":"}","y":[1]},"a":[{},"]"] } "#
        #expect(
            fields(line) == [
                "level=string:info", "n=number:-1.5e3", "ok=bool:true", "no=bool:false", "z=null:null",
                #"e\"k=string:a\\ escaped"#, #"o=object:{"x":"}","y":[1]}"#, #"a=array:[{},"]"]"#,
            ])
    }

    @Test(arguments: ["{}", " { } ", "{}\n"]) func findsNoneInAnEmptyObject(text: String) {
        #expect(fields(text) == [])
    }

    @Test(arguments: [
        "", "x", "[]", "\"a\"", "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{\"a\" 1}",
        "{\"a\":\"b}", "{\"a\":tru}",
        "{\"a\":[}", "{\"a\":[}]}", "{\"a\":{]}", "{a:1}", "{\"a\":1}x", "{\"a\":1 \"b\":2}", "{\"a\":\"\\", "{\"a\":}",
        "{\"a\":1}{", "plain text {\"a\":1}",
    ])
    func refusesWhatIsNoObject(text: String) { #expect(fields(text) == nil) }

    @Test func boundsFieldsAndDepth() {
        let many = (0...JSONFields.fieldsMax).map { "\"f\($0)\":1" }.joined(separator: ",")
        #expect(fields("{\(many)}") == nil)
        #expect(
            fields("{\"a\":" + String(repeating: "[", count: 200) + String(repeating: "]", count: 200) + "}") == nil)
    }

    /// What the strict parser accepts as an object has the same fields here, and cutting a line never crashes.
    @Test(arguments: 0..<10)
    func agreesWithTheTreeOnRandomLines(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "\"a\"", "\"\\\"\"", "12", "true", "null", "[1,{\"x\":\"]\"}]", "{\"y\":{}}",
            "\"long text with many bytes\"", "\"\\\\\"",
        ]
        for _ in 0..<500 {
            let count = Int.random(in: 0...8, using: &random)
            let members = (0..<count).map { _ in
                "\"k\(random.next() % 100)\": \(pieces.randomElement(using: &random) ?? "")"
            }
            let bytes = Array("{\(members.joined(separator: " ,"))}".utf8)
            let tree = try JSONValue.parse(bytes.span)
            var scanner = JSONFields()
            let isObject = scanner.scan(bytes.span)
            #expect(isObject)
            let values = try scanner.fields.map { field in
                let isString = field.kind == .string
                let range = isString ? field.value.lowerBound - 1..<field.value.upperBound + 1 : field.value
                let text = Array(bytes[range])
                return try JSONValue.parse(text.span)
            }
            #expect(values == tree.members?.map(\.value), "seed \(seed)")
            for end in 0..<bytes.count {
                let cut = Array(bytes[..<end])
                let isObject = scanner.scan(cut.span)
                #expect(!isObject, "seed \(seed), cut at \(end)")
            }
        }
    }
}
