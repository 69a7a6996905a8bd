import Encoding
import HTTP
import Ingest
import Model

/// Settings of Prometheus that have nothing to act on here. They are checked, so that a configuration that passes
/// here passes there, and named in a notice.
enum UnusedSettings {
    static func read(_ section: YAMLSection) {
        if let runtime = section.section("runtime") {
            _ = runtime.int("gogc")
            runtime.finish()
            section.reader.notice(section.place(of: "runtime"), "runtime has no effect: obs is not a Go program")
        }
        if let tracing = section.section("tracing") {
            readTracing(tracing)
            section.reader.notice(
                section.place(of: "tracing"), "tracing has no effect yet: obs does not send spans of its own")
        }
    }

    private static func readTracing(_ section: YAMLSection) {
        _ = section.choice("client_type", ["grpc", "http"])
        _ = section.float("sampling_fraction")
        _ = section.bool("insecure")
        _ = TLSClientOptions.read(section)
        _ = section.durationMs("timeout")
        for pair in section.pairs("headers") ?? [] where pair.key.lowercased() == "authorization" {
            section.reader.refuse(pair.value, "custom authorization header configuration is not yet supported")
        }
        _ = section.requestHeaders("headers")
        if let compression = section.string("compression"), !["", "gzip"].contains(compression) {
            section.refuse(
                at: "compression", "invalid compression type \(compression) provided, valid options: gzip")
        }
        if (section.string("endpoint") ?? "").isEmpty {
            section.refuse(at: "endpoint", "tracing endpoint must be set", "write host:port")
        }
        section.finish()
    }
}
