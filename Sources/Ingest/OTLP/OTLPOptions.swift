package import Encoding
package import Model

/// `otlp`: how metrics of OpenTelemetry become series.
package struct OTLPOptions: Hashable, Sendable {
    /// What becomes of names that Prometheus would not have.
    package enum Translation: String, Sendable, CaseIterable {
        case underscoreEscapingWithSuffixes = "UnderscoreEscapingWithSuffixes"
        case underscoreEscapingWithoutSuffixes = "UnderscoreEscapingWithoutSuffixes"
        case noUTF8EscapingWithSuffixes = "NoUTF8EscapingWithSuffixes"
        case noTranslation = "NoTranslation"
    }

    package var translation = Translation.underscoreEscapingWithSuffixes
    /// Resource attributes that become labels of each series.
    package var promotedAttributes: [String] = []
    /// All of them but `ignoredAttributes`.
    package var promotesAllAttributes = false
    package var ignoredAttributes: [String] = []
    /// `service.*` stay attributes of `target_info` besides becoming `job` and `instance`.
    package var keepsIdentifyingAttributes = false
    package var convertsHistograms = false
    package var promotesScopeMetadata = false
    /// Labels that begin with an underscore get `key_` in front.
    package var sanitizesUnderscores = true
    package var preservesMultipleUnderscores = true

    package init() {}

    package init(_ section: YAMLSection, validation: NameValidation) {
        promotesAllAttributes = section.bool("promote_all_resource_attributes") ?? false
        promotedAttributes = Self.attributes(section, "promote_resource_attributes", "promoted")
        ignoredAttributes = Self.attributes(section, "ignore_resource_attributes", "ignored")
        keepsIdentifyingAttributes = section.bool("keep_identifying_resource_attributes") ?? false
        convertsHistograms = section.bool("convert_histograms_to_nhcb") ?? false
        promotesScopeMetadata = section.bool("promote_scope_metadata") ?? false
        sanitizesUnderscores = section.bool("label_name_underscore_sanitization") ?? true
        preservesMultipleUnderscores = section.bool("label_name_preserve_multiple_underscores") ?? true
        translation = Self.translation(section, validation)
        if promotesAllAttributes, !promotedAttributes.isEmpty {
            section.refuse(
                at: "promote_resource_attributes",
                "'promote_all_resource_attributes' and 'promote_resource_attributes' cannot be configured simultaneously"
            )
        }
        if !promotesAllAttributes, !ignoredAttributes.isEmpty {
            section.refuse(
                at: "ignore_resource_attributes",
                "'ignore_resource_attributes' cannot be configured unless 'promote_all_resource_attributes' is true")
        }
        section.finish()
    }

    private static func translation(_ section: YAMLSection, _ validation: NameValidation) -> Translation {
        guard let name = section.string("translation_strategy"), !name.isEmpty else {
            return .underscoreEscapingWithSuffixes
        }
        guard let translation = Translation(rawValue: name) else {
            section.refuse(
                at: "translation_strategy", "unsupported OTLP translation strategy \(Quoted.text(name))",
                "use one of \(Translation.allCases.map(\.rawValue).joined(separator: ", "))")
            return .underscoreEscapingWithSuffixes
        }
        let needsUTF8 = translation == .noTranslation || translation == .noUTF8EscapingWithSuffixes
        if needsUTF8, validation == .legacy {
            section.refuse(
                at: "translation_strategy",
                "OTLP translation strategy \(Quoted.text(name)) is not allowed when UTF8 is disabled",
                "remove metric_name_validation_scheme: legacy from global")
        }
        return translation
    }

    private static func attributes(_ section: YAMLSection, _ key: String, _ adjective: String) -> [String] {
        var names: [String] = []
        for node in section.list(key) ?? [] {
            guard let text = section.reader.string(node, "an entry of \(key)") else { continue }
            let name = text.trimmed
            if name.isEmpty {
                section.reader.refuse(node, "invalid '\(key)': empty \(adjective) OTel resource attribute")
            } else if names.contains(name) {
                section.reader.refuse(
                    node, "invalid '\(key)': duplicated \(adjective) OTel resource attribute \(Quoted.text(name))")
            } else {
                names.append(name)
            }
        }
        return names
    }
}

extension String {
    /// Without white space at both ends.
    fileprivate var trimmed: String {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
