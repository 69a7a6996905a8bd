package import Encoding
package import Posix

/// `metrics`: addresses for protocols that are not HTTP.
package struct MetricListenerOptions: Sendable, Equatable {
    package var statsD: [SocketAddress] = []
    package var graphite: [SocketAddress] = []

    package init() {}

    package init(_ section: YAMLSection) {
        statsD = Self.addresses(section, "statsd")
        graphite = Self.addresses(section, "graphite")
        section.finish()
    }

    /// Both protocols know no credentials, so that an address beyond this machine is refused.
    private static func addresses(_ section: YAMLSection, _ key: String) -> [SocketAddress] {
        section.sections(key, "\(key) listener").compactMap { entry in
            defer { entry.finish() }
            guard let text = entry.string("listen"), let address = SocketAddress(text) else {
                entry.refuse(at: "listen", "listen has to be an address", "write it like 127.0.0.1:8125")
                return nil
            }
            guard address.isLoopback else {
                entry.refuse(
                    at: "listen", "\(key) has no way to say who sends, so it is taken from this machine only",
                    "listen on 127.0.0.1, and let an agent on each server forward")
                return nil
            }
            return address
        }
    }
}
