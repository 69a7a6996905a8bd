import Encoding

/// What is wrong with the fields of a message, by the rules of the service that it is for.
struct FieldCheck {
    private(set) var faults: [String] = []

    mutating func fault(_ text: String) { faults.append(text) }

    /// Members that no field is named like, and texts that are none.
    mutating func members(of value: JSONValue, _ place: String, texts: Set<String>, others: Set<String> = []) {
        guard let members = value.members else { return fault("\(place) is no object") }
        var seen: Set<String> = []
        for member in members {
            if !seen.insert(member.name).inserted { fault("\(place).\(member.name) is there twice") }
            if texts.contains(member.name) {
                if member.value.text == nil { fault("\(place).\(member.name) is no text") }
            } else if !others.contains(member.name) {
                fault("\(place).\(member.name) is no field")
            }
        }
    }

    mutating func required(_ names: String..., of value: JSONValue, _ place: String) {
        for name in names where (value[name]?.text ?? "").isEmpty { fault("\(place).\(name) is missing") }
    }

    /// A text of so many characters at most.
    mutating func length(of name: String, in value: JSONValue, _ place: String, max: Int) {
        let count = value[name]?.text?.unicodeScalars.count ?? 0
        if count > max { fault("\(place).\(name) has \(count) characters, \(max) are allowed") }
    }

    mutating func choice(_ name: String, of value: JSONValue, _ place: String, _ allowed: String...) {
        guard let text = value[name]?.text, !allowed.contains(text) else { return }
        fault("\(place).\(name) \(Quoted.text(text)) is none of \(allowed.joined(separator: ", "))")
    }

    mutating func address(_ names: String..., of value: JSONValue, _ place: String) {
        for name in names {
            guard let text = value[name]?.text, !text.isEmpty else { continue }
            if !text.hasPrefix("http://"), !text.hasPrefix("https://") { fault("\(place).\(name) is no address") }
        }
    }

    mutating func flag(_ name: String, of value: JSONValue, _ place: String) {
        if let found = value[name], found.bool == nil { fault("\(place).\(name) is neither true nor false") }
    }

    /// A list of so many elements at most, each looked at.
    mutating func list(
        _ name: String, of value: JSONValue, _ place: String, max: Int,
        _ each: (inout FieldCheck, JSONValue, String) -> Void
    ) {
        guard let found = value[name] else { return }
        guard let elements = found.elements else { return fault("\(place).\(name) is no list") }
        if elements.count > max { fault("\(place).\(name) has \(elements.count) entries, \(max) are allowed") }
        for (index, element) in elements.enumerated() { each(&self, element, "\(place).\(name)[\(index)]") }
    }
}
