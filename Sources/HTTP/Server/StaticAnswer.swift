import Crypto
import Encoding

/// A body that stays the same while the server runs. Clients keep it and ask by its tag whether theirs is still good.
package struct StaticAnswer: Sendable {
    private let body: [UInt8]
    private let contentType: String
    private let tag: String
    private let cacheControl: String

    /// - Parameter maxAgeSeconds: for how long a client need not even ask.
    package init(_ body: [UInt8], contentType: String, maxAgeSeconds: Int = 0) {
        self.body = body
        self.contentType = contentType
        // Weak, because the bytes that are sent differ with their compression.
        let hash = HashAlgorithm.sha256.hash(body.span)
        tag = "W/\"\(Hexadecimal.string(hash.span.extracting(first: 12)))\""
        cacheControl = maxAgeSeconds > 0 ? "max-age=\(maxAgeSeconds)" : "no-cache"
    }

    /// Answers with the body, or with 304 where the client has it.
    package func send(to request: borrowing Request, _ response: inout Response) {
        response.fields.append("ETag", tag)
        response.fields.append("Cache-Control", cacheControl)
        if isHeld(request) {
            response.send(.notModified)
        } else {
            response.send(body.span, contentType: contentType)
        }
    }

    private func isHeld(_ request: borrowing Request) -> Bool {
        guard let held = request.header("if-none-match") else { return false }
        var isHeld = false
        held.forEachListMember { member in
            // Tags are compared without their mark of weakness (RFC 9110, 13.1.2).
            let strong = tag.dropFirst(2)
            if member.equals("*") || member.equals(tag) || member.text == strong { isHeld = true }
        }
        return isHeld
    }
}
