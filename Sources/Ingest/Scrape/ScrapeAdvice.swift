import Encoding

/// What to do about errors that most people meet.
package enum ScrapeAdvice {
    /// Nil where there is nothing better to say than the error itself.
    package static func of(_ error: String, url: String) -> String? {
        let text = error.lowercased()
        return advice.first { $0.signs.contains { text.contains($0) } }?.advice
    }

    /// The first that fits is told.
    private static let advice: [(signs: [String], advice: String)] = [
        (["http status 401"], "the target asks for credentials: set basic_auth or authorization in the job"),
        (
            ["http status 403"],
            "the credentials of the job may not read this path: give them the right, or correct authorization"
        ),
        (["http status 404"], "nothing is served under this path: set metrics_path, or the label __metrics_path__"),
        (["http status 406"], "the target serves none of the wanted formats: set scrape_protocols"),
        (
            ["http status 5"],
            "the target itself fails: look into its log, often a collector of it takes too long"
        ),
        (
            ["couldn't resolve", "could not resolve"],
            "the name is not known here: correct the address, or let this machine's resolver know it"
        ),
        (
            ["couldn't connect", "connection refused"],
            "nobody listens there, or a firewall refuses: is the exporter running, and is the port right?"
        ),
        (
            ["timeout was reached", "timed out", "in time"],
            "the target takes longer than scrape_timeout: raise it up to scrape_interval, or make the target serve less"
        ),
        (
            ["ssl", "certificate", "tls"],
            "TLS fails: set scheme to what the target speaks, ca_file to who signed its certificate, or server_name"
        ),
        (
            ["received http/0.9", "weird server reply", "broken"],
            "the target does not speak HTTP here: if it speaks TLS set scheme: https, otherwise correct the port"
        ),
        (["sample limit exceeded"], "raise sample_limit, or drop series with metric_relabel_configs"),
        (["target_limit exceeded"], "raise target_limit, or drop targets with relabel_configs"),
        (["label_limit", "label_name_length_limit", "label_value_length_limit"], "raise the limit or drop the label"),
        (["body size limit exceeded"], "raise body_size_limit, or make the target serve less"),
        (
            ["content-type"],
            "set fallback_scrape_protocol to what the target serves, mostly PrometheusText0.0.4"
        ),
        (["line ", "invalid metric"], "the page is flawed: `obs check metrics` with the page says more"),
    ]
}
