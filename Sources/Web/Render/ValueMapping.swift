import Encoding

/// What a panel shows in the place of a value, or of values in a range.
struct ValueMapping {
    let range: ClosedRange<Double>
    let text: String?
    let colour: String?

    /// `mappings` of a field configuration; of those for texts and for what is no number there is none here.
    static func all(_ json: JSONValue?) -> [ValueMapping] {
        (json?.elements ?? []).flatMap { one -> [ValueMapping] in
            let options = one["options"]
            if one["type"]?.text == "range" {
                let (from, to) = (options?["from"]?.double ?? -.infinity, options?["to"]?.double ?? .infinity)
                return from <= to ? [ValueMapping(from...to, options?["result"])] : []
            }
            return (options?.members ?? []).compactMap { member in
                FloatReading.float(member.name).map { ValueMapping($0...$0, member.value) }
            }
        }
    }

    private init(_ range: ClosedRange<Double>, _ result: JSONValue?) {
        (self.range, text, colour) = (range, result?["text"]?.text, result?["color"]?.text)
    }
}
