/// What can be broken on purpose, to see who notices. Each has a home, the service where it does what it is named after.
enum Fault: String, CaseIterable, Sendable {
    case latency
    case errors
    case deadDependency = "dead_dependency"
    case slowDatabase = "slow_database"
    case poolExhaustion = "pool_exhaustion"
    case memoryLeak = "memory_leak"
    case diskFill = "disk_fill"
    case credentialStuffing = "credential_stuffing"
    case paymentOutage = "payment_outage"
    case badDeploy = "bad_deploy"
    case clockSkew = "clock_skew"
    case logFlood = "log_flood"

    var home: ServiceName {
        switch self {
        case .latency, .errors, .badDeploy: .catalog
        case .deadDependency: .gateway
        case .slowDatabase, .poolExhaustion: .orders
        case .memoryLeak: .recommendations
        case .diskFill: .media
        case .credentialStuffing: .traffic
        case .paymentOutage: .payments
        case .clockSkew, .logFlood: .notifications
        }
    }

    /// Only its home can do it; the others can be had in every service.
    var isOnlyAtHome: Bool { [.diskFill, .credentialStuffing, .paymentOutage].contains(self) }

    /// How strong it is where nobody says.
    var level: Double {
        switch self {
        case .latency: 400
        case .errors: 0.5
        case .deadDependency, .poolExhaustion, .paymentOutage: 1
        case .slowDatabase: 300
        case .memoryLeak: 2
        case .diskFill: 2
        case .credentialStuffing: 3
        case .badDeploy: 0.15
        case .clockSkew: 120
        case .logFlood: 1_000
        }
    }

    /// What it does and what its level counts.
    var doc: String {
        switch self {
        case .latency: "each answer takes so many milliseconds longer"
        case .errors: "this share of requests fails"
        case .deadDependency: "recommendations cannot be reached"
        case .slowDatabase: "each statement takes so many milliseconds longer"
        case .poolExhaustion: "no connection to the database is free"
        case .memoryLeak: "memory grows by so many megabytes a second, to 512 MB"
        case .diskFill: "uploads grow by so many megabytes a second, to their quota"
        case .credentialStuffing: "so many logins with stolen passwords are tried in a second"
        case .paymentOutage: "this share of payments gets no answer from the provider"
        case .badDeploy: "another version runs, and this share of its requests fails"
        case .clockSkew: "the service's clock is so many seconds ahead"
        case .logFlood: "so many lines more are logged in a second"
        }
    }

    static var words: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// A fault with its strength and its time, as `errors=0.2@30:120`: a fifth of the requests, from second 30, for 120.
struct FaultOrder: Sendable, Equatable {
    let fault: Fault
    let level: Double
    var startSeconds = 0.0
    /// Nil lasts.
    var seconds: Double?

    init(_ fault: Fault, level: Double?, seconds: Double?) {
        self.fault = fault
        self.level = level ?? fault.level
        self.seconds = seconds
    }

    init(_ text: String) throws(UsageFailure) {
        let name = text.prefix { !"=@:".contains($0) }
        guard let fault = Fault(rawValue: String(name)) else {
            throw UsageFailure(description: "there is no fault '\(name)'; there is \(Fault.words)")
        }
        var (level, start, seconds): (Double?, Double?, Double?) = (nil, nil, nil)
        var rest = text.dropFirst(name.count)
        while let mark = rest.popFirst() {
            let digits = rest.prefix { !"=@:".contains($0) }
            guard let number = Double(digits), number >= 0, number.isFinite else {
                throw UsageFailure(description: "'\(text)' is no NAME[=LEVEL][@START][:SECONDS]")
            }
            rest = rest.dropFirst(digits.count)
            switch mark {
            case "=": level = number
            case "@": start = number
            default: seconds = number
            }
        }
        self.init(fault, level: level, seconds: seconds)
        startSeconds = start ?? 0
    }
}
