import Encoding
import Posix
import Telemetry
import Web

/// The configuration in force. A new file replaces it whole, or not at all.
final class LiveConfiguration: Sendable {
    private struct State: Sendable {
        var configuration = Configuration()
        var shown: ServerFacts.Configuration
    }

    private let path: String?
    private let log: Logger
    private let time: any TimeSource
    private let state: Lock<State>
    private let isLastReloadSuccessful: Gauge
    private let loadedAt: Gauge
    private let reloads: Family<Counter>

    /// Reads the file.
    ///
    /// - Parameter path: nil runs with the defaults.
    /// - Throws: `ConfigurationRefusal` with everything that is wrong.
    init(_ path: String?, registry: Registry, log: Logger, time: any TimeSource) throws {
        (self.path, self.log, self.time) = (path, log.component("configuration"), time)
        isLastReloadSuccessful = registry.gauge(
            "obs_config_last_reload_successful", "1 if the configuration file was taken when it was last read.")
        loadedAt = registry.gauge(
            "obs_config_last_reload_success_timestamp_seconds", "When a configuration was last taken.", unit: .seconds)
        reloads = registry.counters(
            "obs_config_reloads_total", "Times the configuration was read again, by result.", labels: ["result"])
        state = Lock(
            State(shown: .init(yaml: "", isLastReloadSuccessful: true, loadedAtMs: time.wallMs)))
        take(try read())
    }

    var current: Configuration { state.withLock { $0.configuration } }
    var shown: ServerFacts.Configuration { state.withLock { $0.shown } }

    /// Reads the file again and puts it in force.
    ///
    /// - Parameter apply: does what the new configuration changes; where it throws, the old one stays.
    /// - Throws: what is wrong with the new one.
    func reload(_ apply: (Configuration) throws -> Void) throws {
        do {
            let result = try read()
            try apply(result.configuration)
            take(result)
            reloads.with("taken").add()
            log.info("the configuration was read again")
        } catch {
            isLastReloadSuccessful.set(0)
            reloads.with("refused").add()
            state.withLock { $0.shown.isLastReloadSuccessful = false }
            log.error("the new configuration is refused and the old one stays", ["error": .error(error)])
            throw error
        }
    }

    private func read() throws -> ConfigurationResult {
        guard let path else {
            return ConfigurationResult(configuration: Configuration(), errors: [], notices: [], shownYAML: "")
        }
        let result = Configuration.load(path: path, syntaxOnly: false)
        guard result.errors.isEmpty else { throw ConfigurationRefusal(errors: result.errors) }
        for notice in result.notices {
            log.warning(
                "a setting has no effect", ["at": .text("\(notice.position)"), "notice": .text(notice.text)])
        }
        return result
    }

    private func take(_ result: ConfigurationResult) {
        let nowNs = time.wallNs
        state.withLock { state in
            state.configuration = result.configuration
            state.shown = .init(
                yaml: result.shownYAML, isLastReloadSuccessful: true, loadedAtMs: nowNs / 1_000_000)
        }
        isLastReloadSuccessful.set(1)
        loadedAt.set(Int(nowNs))
    }
}

/// Everything that is wrong with a configuration file, a line each.
struct ConfigurationRefusal: Error, CustomStringConvertible {
    let errors: [ConfigurationError]

    var description: String { errors.map(\.description).joined(separator: "\n") }
}
