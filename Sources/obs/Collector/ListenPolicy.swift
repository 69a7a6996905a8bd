import Posix

/// Who may reach a server on which nobody has to say who they are: this machine alone.
enum ListenPolicy {
    /// Why the server must not listen there, or nil.
    static func refusal(of addresses: [SocketAddress], hasAuth: Bool, isInsecure: Bool) -> String? {
        guard !hasAuth, !isInsecure, let open = addresses.first(where: { !$0.isLoopback }) else { return nil }
        return "will not listen on \(open): everyone who reaches it could read and change everything; configure auth, "
            + "listen on 127.0.0.1, or say --insecure"
    }
}
