import Posix

/// Targets from DNS records.
struct DNSDiscovery: Discovery {
    private let options: DNSDiscoveryOptions
    /// Records that live shorter than this are asked for no more often.
    private static let restMsMin: Int64 = 1000

    init(_ options: DNSDiscoveryOptions) { self.options = options }

    func run(_ turn: DiscoveryTurn) {
        var known: [String: [TargetGroup]] = [:]
        turn.poll {
            let resolver = DNSResolver(.system(turn.context.files), time: turn.context.time)
            var restMs = options.refreshIntervalMs
            for name in options.names {
                do throws(DNSError) {
                    let answer = try resolver.records(of: name, options.type.recordType)
                    known[name] = answer.records.compactMap { group($0, of: name) }
                    if let seconds = answer.secondsToLive { restMs = min(restMs, Int64(seconds) * 1000) }
                } catch {
                    turn.failed("\(error)")
                }
            }
            turn.publish(options.names.flatMap { known[$0] ?? [] })
            return max(Self.restMsMin, restMs)
        }
    }

    /// The labels are those of Prometheus.
    private func group(_ record: DNSRecord, of name: String) -> TargetGroup? {
        var labels = ["__meta_dns_name": name]
        for key in ["srv_record_target", "srv_record_port", "mx_record_target", "ns_record_target"] {
            labels["__meta_dns_" + key] = ""
        }
        let target: String
        switch record.data {
        case .service(let host, let port):
            let host = host.trimmingDot
            labels["__meta_dns_srv_record_target"] = host + "."
            labels["__meta_dns_srv_record_port"] = "\(port)"
            target = "\(host):\(port)"
        case .mail(let host):
            labels["__meta_dns_mx_record_target"] = host.trimmingDot + "."
            target = "\(host.trimmingDot):\(options.port)"
        case .nameServer(let host):
            labels["__meta_dns_ns_record_target"] = host.trimmingDot + "."
            target = "\(host.trimmingDot):\(options.port)"
        case .address4(let address): target = "\(address):\(options.port)"
        case .address6(let address): target = "[\(address)]:\(options.port)"
        case .alias, .other: return nil
        }
        return TargetGroup(targets: [target], labels: labels)
    }
}

extension DNSDiscoveryOptions.RecordType {
    var recordType: DNSRecordType {
        switch self {
        case .srv: .srv
        case .a: .a
        case .aaaa: .aaaa
        case .mx: .mx
        case .ns: .ns
        }
    }
}

extension String {
    fileprivate var trimmingDot: String { hasSuffix(".") ? String(dropLast()) : self }
}
