import Encoding
import Model

/// The labels in a Pushgateway's path.
enum GroupingKey {
    struct Refusal: Error {
        let reason: String
    }

    private static let base64Suffix = "@base64"

    /// - Parameter path: behind `/metrics/`, decoded: `job/backup/instance/db1`. Values of names that end in `@base64`
    ///   are base64 for URLs; `=` is the empty one.
    static func read(_ path: String) -> Result<Labels, Refusal> {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.last == "", !parts.count.isMultiple(of: 2) { parts.removeLast() }
        guard parts.count >= 2, parts.count.isMultiple(of: 2) else {
            return .failure(Refusal(reason: "the path has to be /metrics/job/<job> and pairs of label and value"))
        }
        var builder = LabelsBuilder()
        for index in stride(from: 0, to: parts.count, by: 2) {
            var name = parts[index]
            var value = parts[index + 1]
            if name.hasSuffix(base64Suffix) {
                name.removeLast(base64Suffix.count)
                guard let decoded = decode(value) else {
                    return .failure(Refusal(reason: "the value of \(name) is not base64 for URLs"))
                }
                value = decoded
            }
            guard index > 0 || name == "job" else {
                return .failure(Refusal(reason: "the path has to begin with /metrics/job"))
            }
            guard index > 0 || !value.isEmpty else { return .failure(Refusal(reason: "job name is required")) }
            guard NameValidation.utf8.isValidLabelName(name), !name.hasPrefix("__") else {
                return .failure(Refusal(reason: "improper label name \(Quoted.text(name))"))
            }
            builder.set(name, value)
        }
        return .success(builder.labels())
    }

    private static func decode(_ text: String) -> String? {
        let bytes = Array(text.utf8.prefix { $0 != UInt8(ascii: "=") })
        guard let decoded = try? Base64.url.decode(bytes.span) else { return nil }  // the caller says what is wrong
        return String(validating: decoded, as: UTF8.self)
    }
}
