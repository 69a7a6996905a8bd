import Encoding

/// The forms in which pages of metrics come.
package enum ExpositionFormat: Sendable, Equatable {
    /// Prometheus text, 0.0.4 and 1.0.0 (quoted names).
    case text
    /// OpenMetrics 1.0.
    case openMetrics
    /// `io.prometheus.client.MetricFamily`, each with its length before it.
    case protobuf
}

extension ExpositionFormat {
    /// What an answer is to be read as.
    ///
    /// - Parameter fallback: for answers without a usable Content-Type; without one they are refused, as by Prometheus.
    package static func of(contentType: String?, fallback: ScrapeProtocol?) -> Result<ExpositionFormat, Unreadable> {
        guard let contentType, !contentType.isEmpty else {
            return fallback.map { .success($0.format) }
                ?? .failure(
                    Unreadable(
                        "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target"
                    ))
        }
        switch mediaType(contentType) {
        case "application/openmetrics-text": return .success(.openMetrics)
        case "application/vnd.google.protobuf": return .success(.protobuf)
        case "text/plain": return .success(.text)
        default:
            return fallback.map { .success($0.format) }
                ?? .failure(
                    Unreadable(
                        "received unsupported Content-Type \(Quoted.text(contentType)) and no fallback_scrape_protocol specified for target"
                    ))
        }
    }

    private static func mediaType(_ contentType: String) -> String {
        let end = contentType.firstIndex(of: ";") ?? contentType.endIndex
        let type = contentType[..<end].drop(while: \.isWhitespace)
        return String(type.prefix { !$0.isWhitespace }).lowercased()
    }

    /// An answer that nobody can say how to read.
    package struct Unreadable: Error, Sendable, CustomStringConvertible {
        package let description: String
        init(_ description: String) { self.description = description }
    }
}

extension ScrapeProtocol {
    package var format: ExpositionFormat {
        switch self {
        case .prometheusProto: .protobuf
        case .prometheusText004, .prometheusText100: .text
        case .openMetricsText001, .openMetricsText100: .openMetrics
        }
    }
}
