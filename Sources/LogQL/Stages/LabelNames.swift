import Model

/// Names of fields as labels have them.
enum LabelNames {
    static let error = Array("__error__".utf8)
    static let errorDetails = Array("__error_details__".utf8)

    static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39 ~= first) else { return false }
        return name.utf8.allSatisfy(FieldLabel.isPlain)
    }
}
