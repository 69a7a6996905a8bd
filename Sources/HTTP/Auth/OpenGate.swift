import Encoding
package import Posix

/// The gate of a server on which nobody has to say who they are.
///
/// Everyone who reaches it is let in, which must not include pages of other sites in the browser of someone who works on
/// this machine. Such a page can send requests to loopback without anyone's consent, and it can give a name of its own
/// this machine's address (DNS rebinding) and then read the answers.
package enum OpenGate {
    /// Who may come.
    package enum Callers: Sendable {
        /// The server listens on loopback alone, where nobody needs to use a name for it.
        case thisMachine
        /// Whoever reaches it, but for changes that a page of another site asks for.
        case programs
        /// The operator said so.
        case everyone
    }

    /// - Parameter audit: takes every refusal; it must not wait. Changes are told by `Authenticator.noteServed`.
    package static func gate(
        _ callers: Callers, audit: @escaping Authenticator.Audit, time: any TimeSource = SystemTime()
    ) -> Gate {
        { request, route in
            let refusal = refusal(
                callers, host: request.headerText("host"), origin: request.headerText("origin"),
                isChange: request.method != .get && request.method != .head && request.method != .options)
            guard let refusal else { return .admitted(nil) }
            let peer = request.peer.host
            audit(
                AccessEvent(
                    atMs: time.wallMs, principal: peer, peer: peer, target: route.name, outcome: .refused(refusal)))
            return .refused(refusal)
        }
    }

    static func refusal(_ callers: Callers, host: String?, origin: String?, isChange: Bool) -> RequestRefusal? {
        if callers == .thisMachine, let host, !isAddress(name(of: host)) {
            return RequestRefusal(
                .forbidden,
                "this server has no auth and knows no name \(host): ask 127.0.0.1 or localhost, or configure auth")
        }
        if callers != .everyone, isChange, let origin, !isSame(origin, host) {
            return RequestRefusal(
                .forbidden, "this server has no auth and takes no changes from pages of \(origin): configure auth")
        }
        return nil
    }

    /// The host without its port.
    private static func name(of host: String) -> Substring {
        if host.hasPrefix("[") { return host.firstIndex(of: "]").map { host[...$0] } ?? host[...] }
        return host.prefix { $0 != ":" }
    }

    /// A name would be looked up, so that somebody else decides where it leads; an address is what it is.
    private static func isAddress(_ name: Substring) -> Bool {
        name.lowercased() == "localhost" || SocketAddress("\(name):0") != nil
    }

    private static func isSame(_ origin: String, _ host: String?) -> Bool {
        guard let host, let scheme = origin.firstRange(of: "://") else { return false }
        return origin[scheme.upperBound...] == host
    }
}
