import Telemetry

/// Why a request is not let in.
enum AuthRefusal {
    case noCredentials, unusableCredentials, unknownToken, wrongPassword
    case endedSession, noProof
    case guessing, tooManyChecks
    case roleMissing(name: String, has: Role, needs: Role)
    case overLimit(name: String, limit: String)

    var status: Status {
        switch self {
        case .noCredentials, .unusableCredentials, .unknownToken, .wrongPassword, .endedSession: .unauthorized
        case .roleMissing, .noProof: .forbidden
        case .guessing, .overLimit: .tooManyRequests
        case .tooManyChecks: .serviceUnavailable
        }
    }

    var sentence: String {
        switch self {
        case .noCredentials: "this path needs credentials: send a token as 'Authorization: Bearer ...'"
        case .unusableCredentials: "the Authorization field is neither a bearer token nor a name with a password"
        case .unknownToken: "the token is unknown or was revoked"
        case .wrongPassword: "the name or the password is wrong"
        case .endedSession: "the session has ended: log in again"
        case .noProof:
            "a change by the session of a browser needs the field X-CSRF-Token with the value of the cookie "
                + SessionCookies.proofName
        case .guessing: "too many wrong passwords came from this address"
        case .tooManyChecks: "too many passwords are being checked"
        case .roleMissing(let name, let has, let needs):
            "this path needs the role \(needs.rawValue); \(name) has \(has.rawValue)"
        case .overLimit(let name, let limit): "\(name) is over its limit of \(limit)"
        }
    }

    var label: String {
        switch self {
        case .noCredentials: "no_credentials"
        case .unusableCredentials: "unusable_credentials"
        case .unknownToken: "unknown_token"
        case .wrongPassword: "wrong_password"
        case .endedSession: "ended_session"
        case .noProof: "no_proof"
        case .guessing: "guessing"
        case .tooManyChecks: "too_many_checks"
        case .roleMissing: "role_missing"
        case .overLimit: "over_limit"
        }
    }
}

/// What the gate counts.
struct AuthMetrics: Sendable {
    let refusals: Family<Counter>
    let passwordChecks: Counter

    init(_ registry: Registry) {
        refusals = registry.counters(
            "obs_http_auth_refusals_total", "Requests that were not let in, by reason.", labels: ["reason"])
        passwordChecks = registry.counter(
            "obs_http_password_checks_total", "Passwords compared with their slow hash, not counting remembered ones.")
    }
}
