package import Posix

/// Whether a server may listen where it was told to.
package enum ListenRule {
    /// Why not, as a sentence that names the way out; nil if it may.
    ///
    /// Beyond loopback everybody who reaches the port could read and change everything, so that needs authentication or
    /// the word of the operator.
    package static func refusal(
        of addresses: [SocketAddress], hasAuthentication: Bool, isInsecureAllowed: Bool
    ) -> String? {
        guard !hasAuthentication, !isInsecureAllowed else { return nil }
        let open = addresses.filter { !$0.isLoopback }
        guard !open.isEmpty else { return nil }
        let list = open.map(\.description).joined(separator: ", ")
        return "will not listen on \(list) without authentication: configure 'auth', listen on 127.0.0.1, or say "
            + "--insecure if everybody who reaches the port may do everything"
    }
}
