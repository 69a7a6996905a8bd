import HTTP

/// What one of the services adds to the frame that all share.
protocol Service: Sendable {
    /// - Throws: what keeps it from starting, as a sentence.
    init(_ context: ServiceContext) throws

    /// Its surface. Everything that all services answer (`/metrics`, `/healthz`, `/admin/faults`) is there already.
    func add(to routes: inout Routes)

    /// Ends its own threads, after the server has answered its last request.
    func stop()
}

extension Service {
    func stop() {}
}

extension ServiceName {
    /// Read top to bottom: which type is which service.
    var type: any Service.Type {
        switch self {
        case .gateway: Gateway.self
        case .auth: Auth.self
        case .catalog: Catalog.self
        case .recommendations: Recommendations.self
        case .orders: Orders.self
        case .payments: Payments.self
        case .media: Media.self
        case .notifications: Notifications.self
        case .traffic: Traffic.self
        }
    }
}
