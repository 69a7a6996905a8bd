import Crypto
package import Encoding
import Glibc
import Model
import Posix
import Text

/// `redact`: takes personal data and secrets out of lines, labels and metadata before anything is written. What is found is
/// masked, or replaced by a keyed hash where a `key` is given, so that equal values stay recognisable.
package struct RedactStage: LogStage {
    package static let key = "redact"

    private let finders: [Redaction]
    private let secret: [UInt8]?

    /// `{kinds: [email, card, ip, token], patterns: {employee: "E[0-9]{6}"}, key_file: redact.key}`; all kinds without `kinds`.
    package init(_ section: YAMLSection) {
        let names = section.strings("kinds") ?? Redaction.Kind.allCases.map(\.rawValue)
        var finders: [Redaction] = []
        for name in names {
            if let kind = Redaction.Kind(rawValue: name) {
                finders += kind.finders
            } else {
                let known = Redaction.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                section.refuse(
                    at: "kinds", "there is nothing called \(Quoted.text(name)) to redact", "there are \(known)")
            }
        }
        for (name, pattern) in section.texts("patterns").sorted(by: { $0.key < $1.key }) {
            do throws(RegularExpressionError) {
                finders.append(Redaction(name, try RegularExpression(pattern)))
            } catch {
                section.refuse(at: "patterns", "\(error)")
            }
        }
        self.finders = finders
        secret = Self.secret(section)
        section.finish()
    }

    private static func secret(_ section: YAMLSection) -> [UInt8]? {
        switch section.secret("key", file: "key_file") {
        case nil: return nil
        case .text(let secret): return Array(secret.text.utf8)
        case .file(let path):
            do throws(SystemError) {
                let bytes = try LocalFileSystem().readFile(path, atMostBytes: keyBytesMax)
                let key = Array(bytes.prefix { $0 > UInt8(ascii: " ") })
                if key.isEmpty { section.refuse(at: "key_file", "the key file is empty", "openssl rand -hex 32") }
                return key
            } catch {
                // Whoever looks at all named files tells of one that is not there.
                if error.code != ENOENT { section.refuse(at: "key_file", "\(error)") }
                return nil
            }
        }
    }

    private static let keyBytesMax = 4096

    package func run(_ entry: inout StagedEntry) -> Bool {
        redact(&entry.line)
        for pair in entry.labels.pairs {
            if let value = redacted(pair.value) { entry.setLabel(pair.name, value) }
        }
        for pair in entry.metadata.pairs {
            if let value = redacted(pair.value) { entry.setMetadata(pair.name, value) }
        }
        return true
    }

    /// Nil where there is nothing to take out.
    private func redacted(_ text: String) -> String? {
        var bytes = Array(text.utf8)
        return redact(&bytes) ? String(decoding: bytes, as: UTF8.self) : nil
    }

    @discardableResult
    private func redact(_ bytes: inout [UInt8]) -> Bool {
        var isChanged = false
        for finder in finders {
            let found = finder.matches(in: bytes)
            if found.isEmpty { continue }
            isChanged = true
            var result: [UInt8] = []
            var end = 0
            for range in found {
                result += bytes[end..<range.lowerBound]
                let isNumber = Self.isBareNumber(range, in: bytes)
                if isNumber { result.append(UInt8(ascii: "\"")) }
                result += replacement(finder.name, Array(bytes[range]))
                if isNumber { result.append(UInt8(ascii: "\"")) }
                end = range.upperBound
            }
            result += bytes[end...]
            bytes = result
        }
        return isChanged
    }

    private func replacement(_ name: String, _ value: [UInt8]) -> [UInt8] {
        guard let secret else { return Array("[\(name)]".utf8) }
        let digest = HashAlgorithm.sha256.authenticate(value.span, key: secret.span)
        return Array("[\(name):\(Hexadecimal.string(digest.span).prefix(16))]".utf8)
    }

    /// Whether the match is a whole value of JSON without quotes: the line must stay JSON.
    private static func isBareNumber(_ range: Range<Int>, in bytes: [UInt8]) -> Bool {
        guard bytes.first == UInt8(ascii: "{"), range.lowerBound > 0, range.upperBound < bytes.count else {
            return false
        }
        let before = bytes[..<range.lowerBound].last { $0 != UInt8(ascii: " ") }
        let after = bytes[range.upperBound...].first { $0 != UInt8(ascii: " ") }
        guard let before, let after, [UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "[")].contains(before) else {
            return false
        }
        let isEnd = [UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]")].contains(after)
        return isEnd && bytes[range].allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    }
}

/// One kind of thing to take out.
struct Redaction: Sendable {
    enum Kind: String, CaseIterable {
        case email, card, ip, token

        var finders: [Redaction] {
            switch self {
            case .email:
                [
                    .built(
                        "email",
                        #"[A-Za-z0-9._%+\-]+@[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}"#,
                        "@")
                ]
            case .card: [.built("card", #"[0-9](?:[ \-]?[0-9]){12,18}"#, nil) { Luhn.isCard($0, $1) }]
            case .ip:
                [
                    .built("ip", #"(?:[0-9]{1,3}\.){3}[0-9]{1,3}"#, ".") { Addresses.isVersion4($0, $1) },
                    .built("ip", #"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}"#, ":") { Addresses.isVersion6($0, $1) },
                ]
            case .token:
                [
                    .built("token", #"eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{4,}\.[A-Za-z0-9_\-]*"#, "eyJ"),
                    .built("token", #"(?:AKIA|ASIA)[0-9A-Z]{16}"#, nil),
                    .built(
                        "token", #"(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk_live_|rk_live_)[A-Za-z0-9_\-]{10,}"#,
                        nil),
                    .built("token", #"(?i)(?:bearer|basic) +([A-Za-z0-9._~+/\-]{8,}=*)"#, nil),
                    .built(
                        "token",
                        #"(?i)(?:password|passwd|pwd|secret|api[_-]?key|access[_-]?token|auth[_-]?token)\\?["']? *[:=] *\\?["']?([^\s"',;&}\\]{4,})"#,
                        nil),
                ]
            }
        }
    }

    let name: String
    private let expression: RegularExpression
    /// Stands in every match.
    private let needle: [UInt8]
    private let holds: @Sendable (_ range: Range<Int>, _ bytes: [UInt8]) -> Bool

    init(
        _ name: String, _ expression: RegularExpression, needle: String? = nil,
        where holds: @escaping @Sendable (_ range: Range<Int>, _ bytes: [UInt8]) -> Bool = { _, _ in true }
    ) {
        self.name = name
        self.expression = expression
        self.needle = Array((needle ?? "").utf8)
        self.holds = holds
    }

    private static func built(
        _ name: String, _ pattern: String, _ needle: String?,
        where holds: @escaping @Sendable (_ range: Range<Int>, _ bytes: [UInt8]) -> Bool = { _, _ in true }
    ) -> Redaction {
        do throws(RegularExpressionError) {
            return Redaction(name, try RegularExpression(pattern), needle: needle, where: holds)
        } catch {
            preconditionFailure("BUG: \(error)")
        }
    }

    /// What is to be taken out: the first group where the pattern has one, otherwise the whole match.
    func matches(in bytes: [UInt8]) -> [Range<Int>] {
        guard ByteSearch.contains(needle.span, in: bytes.span) else { return [] }
        var found: [Range<Int>] = []
        var ranges = CaptureRanges()
        var start = 0
        while start < bytes.count, expression.captures(in: bytes.span, from: start, into: &ranges),
            let whole = ranges[0]
        {
            let range = ranges[1] ?? whole
            let isFound = !range.isEmpty && holds(range, bytes)
            if isFound { found.append(range) }
            // What looked like it may hide one that begins a little later.
            start = isFound ? range.upperBound : whole.lowerBound + 1
        }
        return found
    }
}

/// Card numbers carry a check digit.
enum Luhn {
    static func isCard(_ range: Range<Int>, _ bytes: [UInt8]) -> Bool {
        if range.lowerBound > 0, isDigit(bytes[range.lowerBound - 1]) { return false }
        if range.upperBound < bytes.count, isDigit(bytes[range.upperBound]) { return false }
        let digits = bytes[range].filter(isDigit).map { Int($0) - 0x30 }
        guard (13...19).contains(digits.count), Set(digits).count > 1 else { return false }
        var sum = 0
        for (place, digit) in digits.reversed().enumerated() {
            let doubled = place & 1 == 1 ? digit * 2 : digit
            sum += doubled > 9 ? doubled - 9 : doubled
        }
        return sum % 10 == 0
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}

/// Addresses, and no versions or times that look alike.
enum Addresses {
    static func isVersion4(_ range: Range<Int>, _ bytes: [UInt8]) -> Bool {
        guard stands(range, bytes, besides: { ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2e }) else { return false }
        return bytes[range].split(separator: 0x2e).allSatisfy { part in
            Int(String(decoding: part, as: UTF8.self)).map { $0 <= 255 } ?? false
        }
    }

    static func isVersion6(_ range: Range<Int>, _ bytes: [UInt8]) -> Bool {
        guard stands(range, bytes, besides: { $0 == 0x3a || WordRuns.isWord($0) }) else { return false }
        let text = String(decoding: bytes[range], as: UTF8.self)
        let groups = text.split(separator: ":", omittingEmptySubsequences: false)
        let filled = groups.filter { !$0.isEmpty }.count
        let isShort = text.contains("::")
        return isShort ? filled >= 1 && filled <= 7 : filled == 8 && groups.count == 8
    }

    private static func stands(_ range: Range<Int>, _ bytes: [UInt8], besides isPart: (UInt8) -> Bool) -> Bool {
        if range.lowerBound > 0, isPart(bytes[range.lowerBound - 1]) { return false }
        return range.upperBound == bytes.count || !isPart(bytes[range.upperBound])
    }
}
