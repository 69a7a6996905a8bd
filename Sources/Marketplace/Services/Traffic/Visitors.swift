import Encoding
import HTTP
import Posix

/// People who have an account, and what they do in the shop.
final class Visitors: Sendable {
    private struct Account: Sendable {
        let email: String
        let token: String
        let client: String
    }

    /// Accounts that come back; older ones are forgotten.
    private static let accountsMax = 500
    private static let password = "correct horse battery"

    private let shop: Shop
    private let accounts = Lock<[Account]>([])

    init(_ shop: Shop) {
        self.shop = shop
    }

    func make(_ journey: Journey, _ numbers: inout SeededNumbers) {
        switch journey {
        case .browse: browse(&numbers)
        case .search: search(&numbers)
        case .buy: buy(&numbers)
        case .signUp: _ = signUp(&numbers)
        case .logIn: logIn(&numbers, password: Self.password)
        case .forget: logIn(&numbers, password: "what was it again")
        case .sell: sell(&numbers)
        case .review: review(&numbers)
        }
    }

    private func browse(_ numbers: inout SeededNumbers) {
        let client = Self.client(&numbers)
        _ = shop.ask(.get, "/v1/categories", "browse", client: client)
        let page = shop.ask(
            .get, "/v1/products?category=\(Self.category(&numbers))&page=\(Int.random(in: 0..<3, using: &numbers))",
            "browse", client: client)
        for item in (page.json["items"]?.elements ?? []).shuffled(using: &numbers).prefix(2) {
            look(at: item["id"]?.text ?? "", "browse", client: client)
        }
    }

    private func search(_ numbers: inout SeededNumbers) {
        let client = Self.client(&numbers)
        let word = ["lamp", "atlas", "violin", "kettle", "kite", "blue", "quiet"].randomElement(using: &numbers) ?? ""
        let found = shop.ask(.get, "/v1/products?q=\(word)", "search", client: client)
        guard let item = found.json["items"]?.elements?.randomElement(using: &numbers) else { return }
        look(at: item["id"]?.text ?? "", "search", client: client)
    }

    private func look(at product: String, _ journey: String, client: String) {
        _ = shop.ask(.get, "/v1/products/\(product)", journey, client: client)
        _ = shop.ask(.get, "/v1/recommendations?product=\(product)", journey, client: client)
    }

    private func buy(_ numbers: inout SeededNumbers) {
        guard let account = account(&numbers) else { return }
        for _ in 0..<Int.random(in: 1...3, using: &numbers) {
            let product = "p_\(Int.random(in: 0..<400, using: &numbers))"
            _ = shop.ask(
                .post, "/v1/cart", "buy", client: account.client, token: account.token,
                body: Shop.body(["product": .string(product), "quantity": .number("1")]))
        }
        // One in fifty pays with a card that is always declined.
        let card = Int.random(in: 0..<50, using: &numbers) == 0 ? "4000000000000002" : "4242424242424242"
        let key = String(UInt64.random(in: 0...UInt64.max, using: &numbers), radix: 16)
        let order = shop.ask(
            .post, "/v1/checkout", "buy", client: account.client, token: account.token, key: key,
            body: Shop.body(["card": .string(card)]))
        guard order.isGood, let id = order.json["id"]?.text else { return }
        _ = shop.ask(.get, "/v1/orders/\(id)", "buy", client: account.client, token: account.token)
    }

    private func review(_ numbers: inout SeededNumbers) {
        guard let account = account(&numbers) else { return }
        _ = shop.ask(.get, "/v1/me", "review", client: account.client, token: account.token)
        _ = shop.ask(.get, "/v1/orders", "review", client: account.client, token: account.token)
        _ = shop.ask(.get, "/v1/cart", "review", client: account.client, token: account.token)
    }

    private func sell(_ numbers: inout SeededNumbers) {
        guard let account = account(&numbers) else { return }
        let picture = [UInt8](repeating: UInt8.random(in: 0...255, using: &numbers), count: 2_000)
        _ = shop.ask(
            .post, "/v1/media", "sell", client: account.client, token: account.token, body: picture,
            contentType: "application/octet-stream")
        let price = Int.random(in: 300...30_000, using: &numbers)
        _ = shop.ask(
            .post, "/v1/products", "sell", client: account.client, token: account.token,
            body: Shop.body([
                "name": .string("something of \(account.email)"), "category": .string(Self.category(&numbers)),
                "description": .string("as seen"), "price_cents": .number(String(price)), "stock": .number("3"),
            ]))
    }

    private func logIn(_ numbers: inout SeededNumbers, password: String) {
        guard let account = account(&numbers) else { return }
        let answer = shop.ask(
            .post, "/v1/login", "log_in", client: account.client,
            body: Shop.body(["email": .string(account.email), "password": .string(password)]))
        keep(answer, email: account.email, client: account.client)
    }

    private func signUp(_ numbers: inout SeededNumbers) -> Account? {
        let email = "user\(UInt32.random(in: 0...UInt32.max, using: &numbers))@example.com"
        let client = Self.client(&numbers)
        let answer = shop.ask(
            .post, "/v1/signup", "sign_up", client: client,
            body: Shop.body([
                "email": .string(email), "password": .string(Self.password), "name": .string("A visitor"),
            ]))
        return keep(answer, email: email, client: client)
    }

    @discardableResult
    private func keep(_ answer: Shop.Answer, email: String, client: String) -> Account? {
        guard answer.isGood, let token = answer.json["access_token"]?.text else { return nil }
        let account = Account(email: email, token: token, client: client)
        accounts.withLock { accounts in
            if accounts.count >= Self.accountsMax { accounts.removeFirst() }
            accounts.append(account)
        }
        return account
    }

    /// Somebody who was here before, or where nobody was, somebody new.
    private func account(_ numbers: inout SeededNumbers) -> Account? {
        let known = accounts.withLock { $0 }
        return known.randomElement(using: &numbers) ?? signUp(&numbers)
    }

    static func client(_ numbers: inout SeededNumbers) -> String {
        "203.0.\(UInt8.random(in: 0...255, using: &numbers)).\(UInt8.random(in: 1...254, using: &numbers))"
    }

    private static func category(_ numbers: inout SeededNumbers) -> String {
        ProductRow.categories.randomElement(using: &numbers) ?? ""
    }
}
