import Encoding
package import HTTP

/// What a running server says about itself.
package struct ServerFacts: Sendable {
    /// The configuration in force.
    package struct Configuration: Sendable {
        /// As YAML, with secrets left out.
        package var yaml: String
        package var isLastReloadSuccessful: Bool
        /// Milliseconds since 1970.
        package var loadedAtMs: Int64

        package init(yaml: String, isLastReloadSuccessful: Bool, loadedAtMs: Int64) {
            self.yaml = yaml
            self.isLastReloadSuccessful = isLastReloadSuccessful
            self.loadedAtMs = loadedAtMs
        }
    }

    package var version: String
    package var revision: String
    /// Names and values of the command line's flags.
    package var flags: [(name: String, value: String)]
    package var hostname: String
    package var workingDirectory: String
    package var processors: Int
    /// Milliseconds since 1970.
    package var startedAtMs: Int64
    package var nowMs: @Sendable () -> Int64
    package var threads: @Sendable () -> Int
    package var configuration: @Sendable () -> Configuration

    package init(
        version: String, revision: String, flags: [(name: String, value: String)], hostname: String,
        workingDirectory: String,
        processors: Int, startedAtMs: Int64, nowMs: @escaping @Sendable () -> Int64,
        threads: @escaping @Sendable () -> Int, configuration: @escaping @Sendable () -> Configuration
    ) {
        self.version = version
        self.revision = revision
        self.flags = flags
        self.hostname = hostname
        self.workingDirectory = workingDirectory
        self.processors = processors
        self.startedAtMs = startedAtMs
        self.nowMs = nowMs
        self.threads = threads
        self.configuration = configuration
    }
}

/// `/api/v1/status/...` as far as it concerns the server itself.
package struct StatusAPI: Sendable {
    /// The Prometheus whose API is spoken: Grafana decides by it what it may ask.
    package static let prometheusVersion = "3.13.0"

    private let facts: ServerFacts

    package init(_ facts: ServerFacts) {
        self.facts = facts
    }

    package func add(to router: inout Router) {
        router.get("/api/v1/status/config", role: .admin) { [facts] _, response in
            APIAnswer.success(&response) { data in
                data.beginObject()
                data.member("yaml", facts.configuration().yaml)
                data.endObject()
            }
        }
        // As Loki has it.
        router.get("/config", role: .admin) { [facts] _, response in
            response.send(facts.configuration().yaml, contentType: "application/yaml")
        }
        router.get("/api/v1/status/flags", role: .read) { [facts] _, response in
            APIAnswer.success(&response) { data in
                data.beginObject()
                for flag in facts.flags { data.member(flag.name, flag.value) }
                data.endObject()
            }
        }
        router.get("/api/v1/status/runtimeinfo", role: .read) { [facts] _, response in
            APIAnswer.success(&response) { Self.writeRuntime(facts, &$0) }
        }
        router.get("/api/v1/status/buildinfo", role: .read) { [facts] _, response in
            APIAnswer.success(&response) { data in
                data.beginObject()
                data.member("application", "obs")
                data.member("version", Self.prometheusVersion)
                data.member("obsVersion", facts.version)
                data.member("revision", facts.revision)
                data.endObject()
            }
        }
    }

    /// The names are Prometheus'; what only Go has is left out.
    private static func writeRuntime(_ facts: ServerFacts, _ data: inout JSONWriter) {
        let configuration = facts.configuration()
        data.beginObject()
        data.member("startTime", CivilTime(ms: facts.startedAtMs).rfc3339)
        data.member("serverTime", CivilTime(ms: facts.nowMs()).rfc3339)
        data.member("CWD", facts.workingDirectory)
        data.member("hostname", facts.hostname)
        data.member("reloadConfigSuccess", configuration.isLastReloadSuccessful)
        data.member("lastConfigTime", CivilTime(ms: configuration.loadedAtMs).rfc3339)
        data.member("goroutineCount", facts.threads())
        data.member("GOMAXPROCS", facts.processors)
        data.endObject()
    }
}
