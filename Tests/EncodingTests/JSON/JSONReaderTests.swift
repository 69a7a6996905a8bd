import Encoding
import Testing

@Suite struct JSONReaderTests {
    /// What a walk through the whole text meets, in its order.
    private func walk(_ text: String) throws -> [String] {
        func value(_ reader: inout JSONReader) -> [String] {
            switch reader.kind {
            case .object:
                var met = ["{"]
                _ = reader.enter(.object)
                while let name = reader.nextMember() { met += [name + ":"] + value(&reader) }
                return met + ["}"]
            case .array:
                var met = ["["]
                _ = reader.enter(.array)
                while reader.nextElement() { met += value(&reader) }
                return met + ["]"]
            case .string: return [reader.string() ?? "none"]
            case .number: return [reader.number() ?? "none"]
            case .bool: return ["\(reader.bool() == true)"]
            case .null:
                reader.skip()
                return ["null"]
            }
        }
        let bytes = Array(text.utf8)
        var reader = try JSONReader(bytes.span)
        return value(&reader)
    }

    @Test func walksObjectsAndArraysInTheOrderOfTheText() throws {
        let text = #" { "a" : [ 1 , -2.5e3 , "x\n" ] , "b" : { } , "c" : [ ] , "d" : true , "e" : [null,false] } "#
        #expect(
            try walk(text) == [
                "{", "a:", "[", "1", "-2.5e3", "x\n", "]", "b:", "{", "}", "c:", "[", "]", "d:", "true", "e:", "[",
                "null", "false", "]", "}",
            ])
    }

    /// What is skipped, or asked for as another kind, is passed whole.
    @Test(arguments: ["null", "true", "false", "-1", #""a,]}\"b""#, "[1,[2],{\"a\":[]}]", #"{"x":{"y":[1,2]}}"#])
    func passesAValueOfAnyKind(value: String) throws {
        let text = Array("[\(value), 7]".utf8)
        for attempt in 0..<4 {
            var reader = try JSONReader(text.span)
            guard reader.enter(.array), reader.nextElement() else {
                Issue.record("the array was not entered")
                return
            }
            switch attempt {
            case 0: reader.skip()
            case 1: _ = reader.string()
            case 2: _ = reader.number()
            default: _ = reader.bool()
            }
            let hasNext = reader.nextElement()
            let seven = reader.number()
            let hasMore = reader.nextElement()
            #expect(hasNext && seven == "7" && !hasMore)
        }
    }

    @Test(arguments: ["", "[1,]", "{\"a\"}", "[1] 2", "nul", "[\"\u{1}\"]"])
    func refusesWhatIsNoJSON(text: String) {
        #expect(throws: JSONError.self) { _ = try walk(text) }
    }
}
