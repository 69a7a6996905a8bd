import Crypto
import Encoding
package import Text

/// One rule of `relabel_configs`: looks at labels and changes them, or drops what carries them.
package struct RelabelRule: Sendable {
    package enum Action: String, Sendable, CaseIterable {
        case replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase, uppercase
    }

    package let action: Action
    /// Labels whose values, joined by `separator`, are looked at.
    package let sourceLabels: [String]
    package let separator: String
    /// Has to match all of the text.
    package let pattern: String
    package let modulus: UInt64
    package let targetLabel: String
    package let replacement: String
    let validation: NameValidation
    private let expression: RegularExpression
    private let targetTemplate: ReplacementTemplate
    private let replacementTemplate: ReplacementTemplate

    package static let defaultSeparator = ";"
    package static let defaultPattern = "(.*)"
    package static let defaultReplacement = "$1"

    /// Takes what it is given; `init?(_:validation:)` refuses combinations that make no sense.
    package init(
        _ action: Action, sourceLabels: [String] = [], separator: String = defaultSeparator,
        pattern: String = defaultPattern, modulus: UInt64 = 0, targetLabel: String = "",
        replacement: String = defaultReplacement, validation: NameValidation = .utf8
    ) throws(RegularExpressionError) {
        self.action = action
        self.sourceLabels = sourceLabels
        self.separator = separator
        self.pattern = pattern
        self.modulus = modulus
        self.targetLabel = targetLabel
        self.replacement = replacement
        self.validation = validation
        expression = try RegularExpression(pattern, dot: .anything)
        targetTemplate = ReplacementTemplate(targetLabel, for: expression)
        replacementTemplate = ReplacementTemplate(replacement, for: expression)
    }
}

extension RelabelRule {
    /// Changes `labels`. False where what carries them is to be dropped.
    package func apply(to labels: inout LabelsBuilder) -> Bool {
        switch action {
        case .labelmap, .labeldrop, .labelkeep: applyToNames(of: &labels)
        case .keep: return matches(source(labels))
        case .drop: return !matches(source(labels))
        case .keepequal: return isTarget(of: labels, equalTo: source(labels))
        case .dropequal: return !isTarget(of: labels, equalTo: source(labels))
        case .replace: replace(source(labels), in: &labels)
        case .lowercase: labels.set(targetLabel, Self.mapped(source(labels), \.properties.lowercaseMapping))
        case .uppercase: labels.set(targetLabel, Self.mapped(source(labels), \.properties.uppercaseMapping))
        case .hashmod: labels.set(targetLabel, String(Self.hash(source(labels)) % modulus))
        }
        return true
    }

    private func source(_ labels: LabelsBuilder) -> [UInt8] {
        var text: [UInt8] = []
        for (index, name) in sourceLabels.enumerated() {
            if index > 0 { text += separator.utf8 }
            text += labels.value(of: name).utf8
        }
        return text
    }

    private func matches(_ text: [UInt8]) -> Bool { expression.matchesWhole(text.span) }

    private func isTarget(of labels: LabelsBuilder, equalTo text: [UInt8]) -> Bool {
        labels.value(of: targetLabel).utf8.elementsEqual(text)
    }

    private func replace(_ text: [UInt8], in labels: inout LabelsBuilder) {
        guard let (target, value) = expanded(text), validation.isValidLabelName(target) else { return }
        labels.set(target, value)
    }

    /// Target and replacement with the groups of the match filled in.
    private func expanded(_ text: [UInt8]) -> (target: String, value: String)? {
        var ranges = CaptureRanges()
        guard expression.captures(in: text.span, whole: true, into: &ranges) else { return nil }
        var target: [UInt8] = []
        var value: [UInt8] = []
        targetTemplate.expand(ranges, in: text.span, into: &target)
        replacementTemplate.expand(ranges, in: text.span, into: &value)
        return (String(decoding: target, as: UTF8.self), String(decoding: value, as: UTF8.self))
    }

    private func applyToNames(of labels: inout LabelsBuilder) {
        for (name, value) in labels.pairs {
            let text = Array(name.utf8)
            switch action {
            case .labelmap: if let new = expanded(text)?.value { labels.set(new, value) }
            case .labeldrop: if matches(text) { labels.remove(name) }
            default: if !matches(text) { labels.remove(name) }
            }
        }
    }

    /// Character by character, as Go maps: what would become several characters stays as it is.
    private static func mapped(_ text: [UInt8], _ mapping: KeyPath<Unicode.Scalar, String>) -> String {
        var result = String.UnicodeScalarView()
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            let mapped = scalar[keyPath: mapping].unicodeScalars
            result.append(mapped.count == 1 ? mapped[mapped.startIndex] : scalar)
        }
        return String(result)
    }

    /// The last eight bytes of the MD5 of the text, as Prometheus distributes targets.
    private static func hash(_ text: [UInt8]) -> UInt64 {
        HashAlgorithm.md5.hash(text.span).suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension [RelabelRule] {
    /// Applies the rules in order. False as soon as one drops.
    package func apply(to labels: inout LabelsBuilder) -> Bool {
        for rule in self where !rule.apply(to: &labels) { return false }
        return true
    }
}

extension RelabelRule: Equatable {
    package static func == (a: RelabelRule, b: RelabelRule) -> Bool {
        a.action == b.action && a.sourceLabels == b.sourceLabels && a.separator == b.separator
            && a.pattern == b.pattern && a.modulus == b.modulus && a.targetLabel == b.targetLabel
            && a.replacement == b.replacement && a.validation == b.validation
    }
}
