import Encoding
import Text

extension FuzzedDecoder {
    /// A text as a template, carried out on a list of maps.
    static let template = FuzzedDecoder("template") { input in
        var set = TemplateSet(functions: TextFunctions.all)
        set.limits.stepsMax = 10_000
        set.limits.outputBytesMax = 1 << 20
        let text = String(decoding: input.array, as: UTF8.self)
        let data = TemplateValue.list([
            .map(TemplateMap(texts: [("a", "1"), ("b", "<x>")])),
            .map(TemplateMap([("c", .nothing), ("d", .float(2))])),
        ])
        do throws(TemplateError) {
            let output = try set.render(text, named: "t", data)
            check(output.utf8.count <= set.limits.outputBytesMax, "\(output.utf8.count) bytes of output")
            _ = try set.render(text, named: "t", data, escaping: .html)
        } catch {
            check(error.place.line >= 1 && error.place.column >= 0, "an error without a place")
        }
    }
}
