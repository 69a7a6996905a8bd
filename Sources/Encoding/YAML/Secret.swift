/// A password, token or key from a configuration. It never prints itself: whoever needs it asks for `text`.
package struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    package let text: String

    package init(_ text: String) { self.text = text }

    package var isEmpty: Bool { text.isEmpty }
    package var description: String { "<secret>" }
    package var debugDescription: String { description }
}

/// Where a secret comes from. A file is read when the secret is used, so that it can be replaced at any time.
package enum SecretSource: Hashable, Sendable {
    case text(Secret)
    case file(String)
}
