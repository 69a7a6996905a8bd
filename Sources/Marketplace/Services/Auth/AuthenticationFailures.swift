import Telemetry

/// Counts whoever was not let in, by reason, at the gateway and at `auth` alike.
struct AuthenticationFailures: Sendable {
    private let failures: Family<Counter>

    init(_ registry: Registry) {
        failures = registry.counters(
            "marketplace_authentication_failures_total", "Logins and tokens that were refused, by reason.",
            labels: ["reason"])
        // Known from the start, so that the first failure is an increase.
        for reason in ["wrong_password", "locked_out", "forged_token", "expired_token"] { _ = failures.with(reason) }
    }

    func add(_ reason: String) { failures.with(reason).add() }
}
