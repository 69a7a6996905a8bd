/// The services of the marketplace, in the order of their ports, and what puts them under load.
enum ServiceName: String, CaseIterable, Sendable {
    case gateway, auth, catalog, recommendations, orders, payments, media, notifications, traffic

    /// The eight services, without their traffic. The gateway comes last, when all that it asks is there.
    static let backend: [ServiceName] = allCases.dropLast().filter { $0 != .gateway } + [.gateway]

    var portOffset: UInt16 { UInt16(Self.allCases.firstIndex(of: self) ?? 0) }

    static var words: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
