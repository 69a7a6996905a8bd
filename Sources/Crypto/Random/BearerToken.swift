import Encoding

/// A secret that a program shows to be let in: `obs_` and 43 characters that stand for 256 random bits.
///
/// The prefix lets scanners of repositories and logs find a token that leaked. Because the secret is as long as a key,
/// its plain SHA-256 is safe to keep: there is nothing to guess, so nothing that a slow hash would slow down.
package struct BearerToken: Sendable {
    /// Shown once and never kept.
    package let text: String

    package static let prefix = "obs_"

    package init() {
        text = Self.prefix + Base64.url.string(SecureRandom.bytes(32).span)
    }

    /// What is kept of a token and looked up when one is shown.
    package static func hash(of text: Span<UInt8>) -> [UInt8] {
        HashAlgorithm.sha256.hash(text)
    }

    package var hash: [UInt8] { Self.hash(of: Array(text.utf8).span) }
}
