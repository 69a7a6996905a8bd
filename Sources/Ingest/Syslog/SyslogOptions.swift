package import Crypto
package import Encoding
package import Model
package import Posix

/// One entry of `logs.syslog`: `{listen: 127.0.0.1:5514, protocol: tcp, labels: {site: a}, time_zone: Europe/Berlin}`.
package struct SyslogOptions: Sendable, Equatable {
    package enum Carrier: String, CaseIterable, Sendable {
        case udp, tcp, tls
    }

    package var address: SocketAddress
    package var carrier: Carrier
    /// What every stream of this listener carries beside what messages say.
    package var labels: [String: String] = [:]
    /// Of the clocks of senders whose times name no zone, as those of RFC 3164.
    package var zone = TimeZone.utc
    /// Of `tls` listeners alone.
    package var tls: TLSOptions?

    package init(_ address: SocketAddress, _ carrier: Carrier) {
        (self.address, self.carrier) = (address, carrier)
    }

    /// Nil where an error was reported.
    package init?(_ section: YAMLSection) {
        let carrier = section.choice("protocol", Carrier.allCases.map(\.rawValue)).flatMap(Carrier.init(rawValue:))
        labels = section.texts("labels")
        tls = section.section("tls").flatMap { TLSOptions($0) }
        let isInsecure = section.bool("insecure") ?? false
        if let name = section.string("time_zone") {
            do throws(TimeZone.Failure) {
                zone = try TimeZone.named(name) { (path, limit) throws(SystemError) in
                    try LocalFileSystem().readFile(path, atMostBytes: limit)
                }
            } catch {
                section.refuse(at: "time_zone", "\(error)", "write one like Europe/Berlin, or Local")
            }
        }
        let text = section.string("listen")
        defer { section.finish() }
        guard let text, let address = SocketAddress(text) else {
            section.refuse(at: "listen", "listen has to be an address", "write it like 127.0.0.1:5514")
            return nil
        }
        (self.address, self.carrier) = (address, carrier ?? .udp)
        if self.carrier == .tls, tls == nil {
            section.refuse("a listener with protocol tls has no certificate", "name cert_file and key_file under tls")
            return nil
        }
        if self.carrier != .tls, tls != nil {
            section.refuse(at: "tls", "tls is for listeners with protocol tls", "write protocol: tls")
            return nil
        }
        let knowsSenders: Bool =
            if case .required? = tls?.clientCertificates { true } else { false }
        guard address.isLoopback || knowsSenders || isInsecure else {
            section.refuse(
                at: "listen", "whoever can reach \(address) could send logs there",
                "listen on 127.0.0.1, ask for certificates with protocol tls and client_ca_file, or write insecure: true"
            )
            return nil
        }
    }
}
