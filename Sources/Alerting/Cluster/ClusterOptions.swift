package import Encoding
package import HTTP
import Model

/// `cluster`: who else watches the same targets and tells the same receivers.
package struct ClusterOptions: Sendable, Equatable {
    /// Members of one cluster, this one included.
    package static let membersMax = 8

    /// Of this member. Who comes first in the order of names tells; the others wait for it.
    package var name = ""
    /// Addresses of the others.
    package var peers: [String] = []
    /// How long a member waits for each that comes before it.
    package var waitMs: Int64 = 5000
    /// How the others are asked.
    package var client = HTTPClientOptions()

    package init() {}

    package init(_ section: YAMLSection) {
        name = section.string("name") ?? ""
        if let ms = section.durationMs("wait") { waitMs = ms }
        client = HTTPClientOptions(inlineIn: section)
        for node in section.list("peers") ?? [] {
            guard var url = section.reader.string(node, "an entry of peers") else { continue }
            if !url.hasPrefix("http://"), !url.hasPrefix("https://") {
                section.reader.refuse(
                    node, "unsupported scheme in peers: \(Quoted.text(url))", "write an address with http or https")
            }
            while url.hasSuffix("/") { url.removeLast() }
            peers.append(url)
        }
        if peers.count >= Self.membersMax {
            section.refuse(
                at: "peers", "a cluster has at most \(Self.membersMax) members", "name fewer; two are enough for most")
        }
        section.finish()
    }
}
