import PromQL

extension FuzzedDecoder {
    /// What is read is printed, and what is printed reads back as the same.
    static let promqlText = FuzzedDecoder("promql-text", bytesMax: 256) { bytes in
        let text = String(decoding: bytes.array, as: UTF8.self)
        for features in [LanguageFeatures.all, .stock] {
            let expression: Expression
            do throws(ParseError) {
                expression = try Parser.parse(text, features: features)
            } catch {
                check(!error.withCaret.isEmpty, "an error without words")
                continue
            }
            let printed = expression.description
            check(reread(printed, features) == printed, "\(printed) is printed otherwise once it was read")
            check(
                reread(Prettifier.text(of: expression), features) == printed, "\(printed) changes when it is laid out")
        }
    }

    private static func reread(_ text: String, _ features: LanguageFeatures) -> String {
        do throws(ParseError) {
            return try Parser.parse(text, features: features).description
        } catch {
            return "not read: \(error)"
        }
    }
}
