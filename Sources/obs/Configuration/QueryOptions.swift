import Encoding
import LogQL
import Model
import PromQL
import Text
import Web

/// `queries`: what a query may take, and which language it is written in.
struct QueryOptions: Sendable {
    /// Nil: a half of what all queries together may hold.
    var memoryMaxBytes: Int64?
    var timeoutMs: Int64 = 120_000
    var samplesMax = 50_000_000
    var lookbackMs: Int64 = 300_000
    /// Nil logs none.
    var slowAfterMs: Int64? = 10_000
    var perPrincipalMax = 1024
    /// What the queries of one principal may hold together; nil as much as all may.
    var memoryPerPrincipalMaxBytes: Int64?
    var samplesPerPrincipalMax: Int?
    /// Bytes of results of range queries that are kept; zero keeps none.
    var cacheBytes: Int64 = 0
    /// Everything that obs understands, or a Prometheus without feature flags.
    var features = LanguageFeatures.all

    init() {}

    init(_ section: YAMLSection) {
        memoryMaxBytes = section.bytes("memory_max")
        timeoutMs = section.durationMs("timeout") ?? timeoutMs
        samplesMax = section.int("samples_max") ?? samplesMax
        lookbackMs = section.durationMs("lookback_delta") ?? lookbackMs
        cacheBytes = section.bytes("result_cache") ?? cacheBytes
        perPrincipalMax = section.int("per_principal_max") ?? perPrincipalMax
        memoryPerPrincipalMaxBytes = section.bytes("memory_per_principal_max")
        samplesPerPrincipalMax = section.int("samples_per_principal_max")
        if let written = section.string("log_slower_than") {
            slowAfterMs = written == "never" ? nil : section.durationMs("log_slower_than")
        }
        switch section.string("language") {
        case nil, "all": break
        case "prometheus": features = .stock
        case let other?:
            section.refuse(
                at: "language",
                "language is \(Quoted.text(other)): write 'all' for everything that obs understands, or 'prometheus' for what a Prometheus without feature flags does"
            )
        }
        for (key, value) in [
            ("samples_max", Int64(samplesMax)), ("timeout", timeoutMs), ("per_principal_max", Int64(perPrincipalMax)),
            ("memory_per_principal_max", memoryPerPrincipalMaxBytes ?? .max),
            ("samples_per_principal_max", Int64(samplesPerPrincipalMax ?? .max)),
        ]
        where value <= 0 {
            section.refuse(at: key, "\(key) has to be above zero")
        }
        section.finish()
    }

    /// - Parameter queriesBytes: what all queries together may hold.
    func engineOptions(queriesBytes: Int) -> EngineOptions {
        var options = EngineOptions()
        options.features = features
        options.timeoutMs = timeoutMs
        options.samplesMax = samplesMax
        options.lookbackMs = lookbackMs
        options.memoryMaxBytes = min(queriesBytes, memoryMaxBytes.map { Int($0) } ?? queriesBytes / 2)
        return options
    }

    /// - Parameter queriesBytes: what all queries together may hold.
    func logOptions(queriesBytes: Int) -> LogEngine.Options {
        var options = LogEngine.Options()
        options.timeoutMs = timeoutMs
        options.samplesMax = samplesMax
        options.memoryMaxBytes = engineOptions(queriesBytes: queriesBytes).memoryMaxBytes
        return options
    }

    var serviceOptions: QueryService.Options {
        var options = QueryService.Options()
        options.slowAfterMs = slowAfterMs
        options.perPrincipalMax = perPrincipalMax
        options.principalShare.memoryMaxBytes = memoryPerPrincipalMaxBytes.map { Int($0) } ?? .max
        options.principalShare.samplesMax = samplesPerPrincipalMax ?? .max
        options.cacheBytes = Int(cacheBytes)
        return options
    }
}
