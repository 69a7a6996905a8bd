/// The forms in which another Prometheus may take a federation page: as in Prometheus, OpenMetrics is none of them.
struct FederationFormat: Equatable {
    enum Kind {
        case text
        /// Messages of `io.prometheus.client.MetricFamily`, each behind its length. Only these carry native histograms.
        case protobuf
    }

    var kind = Kind.text
    /// Names stay as they are; otherwise what is neither letter, digit nor underscore becomes an underscore.
    var allowsUTF8 = false

    var contentType: String {
        let escaping = allowsUTF8 ? "allow-utf-8" : "underscores"
        return switch kind {
        case .text: "text/plain; version=0.0.4; charset=utf-8; escaping=\(escaping)"
        case .protobuf:
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=\(escaping)"
        }
    }

    /// What an `Accept` header wants most of what there is.
    init(accept: String?) {
        var best = 0.0
        for range in (accept ?? "").split(separator: ",") {
            let parts = range.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\"" }.lowercased() }
            guard let kind = Self.kind(parts) else { continue }
            let quality = parts.lazy.compactMap { $0.hasPrefix("q=") ? Double($0.dropFirst(2)) : nil }.first ?? 1
            guard quality > best else { continue }
            best = quality
            (self.kind, allowsUTF8) = (kind, parts.contains("escaping=allow-utf-8"))
        }
    }

    private static func kind(_ parts: [String]) -> Kind? {
        switch parts.first {
        case "application/vnd.google.protobuf":
            let isOurs = parts.contains("proto=io.prometheus.client.metricfamily")
            return isOurs && parts.contains("encoding=delimited") ? .protobuf : nil
        case "text/plain":
            let version = parts.first { $0.hasPrefix("version=") }
            return version == nil || version == "version=0.0.4" ? .text : nil
        default: return nil
        }
    }
}
