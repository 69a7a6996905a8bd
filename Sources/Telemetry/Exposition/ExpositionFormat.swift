/// The forms in which the registry is shown.
package enum ExpositionFormat: Sendable, Equatable {
    /// Prometheus' text format 0.0.4, which everyone reads.
    case text
    /// OpenMetrics 1.0, which adds units and exemplars.
    case openMetrics
    /// Prometheus' protobuf, which adds native histograms.
    case protobuf

    package var contentType: String {
        switch self {
        case .protobuf: "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// What an `Accept` header asks for, decided as Prometheus' own client does: the acceptable range of highest
    /// quality that is known here wins, the first of equals; text where none is.
    ///
    /// The names of this registry are valid in every escaping scheme, so an `escaping` parameter changes nothing.
    package init(accept: String?) {
        var best: (format: ExpositionFormat, quality: Double)?
        for range in (accept ?? "").split(separator: ",") {
            guard let (format, quality) = Self.parse(range), quality > 0, quality > (best?.quality ?? 0) else {
                continue
            }
            best = (format, quality)
        }
        self = best?.format ?? .text
    }

    /// The format that one media range means and its quality; nil if it is none of ours.
    private static func parse(_ range: Substring) -> (ExpositionFormat, Double)? {
        let parts = range.split(separator: ";").map { trimmed($0).lowercased() }
        guard let type = parts.first else { return nil }
        var version: String?
        var encoding: String?
        var quality = 1.0
        for parameter in parts.dropFirst() {
            guard let equals = parameter.firstIndex(of: "=") else { continue }
            let value = trimmed(parameter[parameter.index(after: equals)...])
            switch trimmed(parameter[..<equals]) {
            case "version": version = value.hasPrefix("\"") ? String(value.dropFirst().dropLast()) : value
            case "encoding": encoding = value
            case "q": quality = Double(value) ?? 0
            default: break
            }
        }
        switch type {
        case "application/openmetrics-text" where [nil, "1.0.0", "0.0.1"].contains(version):
            return (.openMetrics, quality)
        case "application/vnd.google.protobuf" where encoding == "delimited": return (.protobuf, quality)
        case "text/plain" where [nil, "0.0.4"].contains(version), "text/*", "*/*":
            return (.text, quality)
        default:
            return nil
        }
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let blanks: Set<Character> = [" ", "\t"]
        let start = text.drop { blanks.contains($0) }
        return String(start.reversed().drop { blanks.contains($0) }.reversed())
    }
}

extension Registry {
    /// Everything in the form asked for. `createdLines` adds when each counter and histogram began (OpenMetrics only).
    package func exposition(_ format: ExpositionFormat, createdLines: Bool = false) -> [UInt8] {
        if format == .protobuf {
            var writer = FamilyWriter()
            for family in families where !family.points.isEmpty { writer.append(family) }
            return writer.bytes
        }
        var writer = TextWriter(openMetrics: format == .openMetrics, createdLines: createdLines)
        for family in families where !family.points.isEmpty { writer.append(family) }
        writer.end()
        return writer.bytes
    }
}
