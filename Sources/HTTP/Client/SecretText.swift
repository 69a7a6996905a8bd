package import Encoding
package import Posix

/// Secrets as they are now.
package enum SecretText {
    /// Certificate bundles are the largest.
    private static let bytesMax = 4 << 20

    /// Files are read at each use, so that they can be replaced at any time. White space at the ends is left out.
    package static func now(
        _ source: SecretSource, in files: any FileSystem = LocalFileSystem()
    ) throws(ClientError) -> String {
        switch source {
        case .text(let secret): return secret.text
        case .file(let path):
            do throws(SystemError) {
                let bytes = try files.readFile(path, atMostBytes: bytesMax)
                return String(decoding: bytes, as: UTF8.self).trimmingBlanks
            } catch {
                throw ClientError(.setup, "cannot read a secret of the request: \(error)")
            }
        }
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        var text = self[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text.drop(while: \.isWhitespace))
    }
}
