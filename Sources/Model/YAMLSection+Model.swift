package import Encoding

/// Settings in the words of the model.
extension YAMLSection {
    /// A duration in milliseconds; nil where it is absent, null or refused.
    package func durationMs(_ key: String) -> Int64? {
        guard let text = string(key) else { return nil }
        do throws(DurationError) {
            return try Durations.milliseconds(of: text)
        } catch {
            refuse(at: key, "\(key): \(error) (write it like 90s, 15m or 1d12h)")
            return nil
        }
    }

    /// Which names metrics and labels may have; nil where it is left to the default.
    package func nameValidation(_ key: String) -> NameValidation? {
        choice(key, ["", "legacy", "utf8"]).flatMap(NameValidation.init(rawValue:))
    }
}
