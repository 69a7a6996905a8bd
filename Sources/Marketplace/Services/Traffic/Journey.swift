/// What a visitor comes for. The weights make a shop: most look, some buy, a few sell.
enum Journey: String, CaseIterable, Sendable {
    case browse, search, buy, signUp = "sign_up", logIn = "log_in", forget, sell, review

    var weight: Int {
        switch self {
        case .browse: 480
        case .search: 250
        case .buy: 130
        case .signUp: 30
        case .logIn: 40
        case .forget: 1
        case .sell: 19
        case .review: 50
        }
    }

    static func random(_ numbers: inout SeededNumbers) -> Journey {
        var place = Int.random(in: 0..<allCases.reduce(0) { $0 + $1.weight }, using: &numbers)
        for journey in allCases {
            if place < journey.weight { return journey }
            place -= journey.weight
        }
        return .browse
    }
}
