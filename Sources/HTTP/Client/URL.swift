package import Encoding

/// Where a request goes, as it was written, with the parts that settings are checked for.
package struct URL: Hashable, Sendable {
    package let text: String
    /// In lower case; empty for a relative one.
    package let scheme: String
    /// User and password, still percent-encoded.
    package let userInfo: String
    /// Host and port; an IPv6 address in its brackets.
    package let authority: String
    /// Path, query and fragment.
    package let target: String

    /// Takes what Go's `url.Parse` takes: relative ones and `host:port` too, which is read as scheme and rest.
    package init(_ text: String) throws(URLError) {
        self.text = text
        func refuse(_ reason: String) -> URLError { URLError(text: text, reason: reason) }
        guard text.utf8.allSatisfy({ $0 > 0x1f && $0 != 0x7f }) else { throw refuse("it has a control character") }
        var rest = text[...]
        guard rest.first != ":" else { throw refuse("the scheme is missing") }
        let word = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
        if let first = word.first, first.isLetter, rest[word.endIndex...].first == ":" {
            scheme = word.lowercased()
            rest = rest[rest.index(after: word.endIndex)...]
        } else {
            scheme = ""
            if rest.prefix(while: { $0 != "/" }).contains(":") {
                throw refuse("the scheme is missing before the first colon")
            }
        }
        guard rest.hasPrefix("//") else {
            (userInfo, authority, target) = ("", "", String(rest))
            return
        }
        let whole = rest.dropFirst(2).prefix { !"/?#".contains($0) }
        target = String(rest[whole.endIndex...])
        let at = whole.lastIndex(of: "@")
        userInfo = at.map { String(whole[..<$0]) } ?? ""
        authority = String(at.map { whole[whole.index(after: $0)...] } ?? whole)
        if let reason = Self.problem(ofAuthority: authority) { throw refuse(reason) }
    }

    /// Without the port.
    package var host: String {
        if authority.hasPrefix("[") { return String(authority.prefix { $0 != "]" }) + "]" }
        return String(authority.prefix { $0 != ":" })
    }

    private static func problem(ofAuthority authority: String) -> String? {
        guard authority.utf8.allSatisfy({ $0 > 0x20 && !"<>\"\\^`{|}".utf8.contains($0) }) else {
            return "the host has a character that no host can have"
        }
        var port = authority[...]
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return "the bracket of the address has no end" }
            port = authority[authority.index(after: end)...]
        } else {
            port = authority.firstIndex(of: ":").map { authority[$0...] } ?? ""
        }
        guard port.isEmpty || port.first == ":" && port.dropFirst().utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            return "the port is not a number"
        }
        return nil
    }
}

package struct URLError: Error, Hashable, Sendable, CustomStringConvertible {
    package let text: String
    package let reason: String

    package var description: String { "\(Quoted.text(text)) is not a valid URL: \(reason)" }
}

/// Without the password.
extension URL: CustomStringConvertible {
    package var description: String {
        guard let colon = userInfo.firstIndex(of: ":") else { return text }
        return "\(scheme)://\(userInfo[..<colon]):xxxxx@\(authority)\(target)"
    }
}

extension YAMLSection {
    package func url(_ key: String) -> URL? {
        guard let text = string(key) else { return nil }
        do throws(URLError) {
            return try URL(text)
        } catch {
            refuse(at: key, "\(key): \(error)")
            return nil
        }
    }

    /// A URL that can be asked over HTTP.
    package func webURL(_ key: String) -> URL? {
        guard let url = url(key) else { return nil }
        guard url.scheme == "http" || url.scheme == "https" else {
            refuse(at: key, "\(key): URL scheme must be 'http' or 'https'", "write it like http://host:port/path")
            return nil
        }
        guard !url.host.isEmpty else {
            refuse(at: key, "\(key): host is missing in URL", "write it like http://host:port/path")
            return nil
        }
        return url
    }
}
