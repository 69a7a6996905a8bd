import HTTP

/// One line of the public surface: where it goes, who may ask, and what its description says.
struct Endpoint: Sendable {
    struct Parameter: Sendable {
        let name: String
        let doc: String
        /// A JSON schema.
        var schema = #"{"type":"string","maxLength":100}"#
    }

    let method: Method
    /// Under /v1, as the router has it.
    let pattern: String
    let summary: String
    let service: ServiceName
    var needsUser = false
    var query: [Parameter] = []
    /// The JSON schema of the body; nil takes none.
    var body: String?
    /// Bytes that the body may have.
    var bodyBytesMax = 64 << 10
    /// Anything but JSON.
    var takesFile = false
    /// The status where all went well.
    var success = Status.ok
    /// What is answered while the service cannot be reached; nil refuses.
    var degraded: String?

    static let all: [Endpoint] = [
        Endpoint(
            method: .post, pattern: "/signup", summary: "Become a user", service: .auth,
            body: Schema.object(["email": Schema.email, "password": Schema.password, "name": Schema.text(1, 100)]),
            success: .created),
        Endpoint(
            method: .post, pattern: "/login", summary: "Get tokens for a password", service: .auth,
            body: Schema.object(["email": Schema.email, "password": Schema.password])),
        Endpoint(
            method: .post, pattern: "/token/refresh", summary: "Get a new access token", service: .auth,
            body: Schema.object(["refresh_token": Schema.text(1, 2_000)])),
        Endpoint(method: .get, pattern: "/me", summary: "Who the token says one is", service: .auth, needsUser: true),
        Endpoint(
            method: .get, pattern: "/products", summary: "Search goods and services", service: .catalog,
            query: [
                .init(name: "q", doc: "words of the name"), .init(name: "category", doc: "one of /v1/categories"),
                .init(name: "page", doc: "from 0 on", schema: #"{"type":"integer","minimum":0,"maximum":1000}"#),
            ]),
        Endpoint(method: .get, pattern: "/products/:id", summary: "One of them", service: .catalog),
        Endpoint(
            method: .post, pattern: "/products", summary: "List something for sale", service: .catalog, needsUser: true,
            body: Schema.product, success: .created),
        Endpoint(
            method: .put, pattern: "/products/:id", summary: "Change something of one's own", service: .catalog,
            needsUser: true, body: Schema.product),
        Endpoint(method: .get, pattern: "/categories", summary: "What there is", service: .catalog),
        Endpoint(
            method: .get, pattern: "/recommendations", summary: "What goes with it", service: .recommendations,
            query: [.init(name: "product", doc: "the id of a product")], degraded: #"{"items":[],"degraded":true}"#),
        Endpoint(method: .get, pattern: "/cart", summary: "What is in the cart", service: .orders, needsUser: true),
        Endpoint(
            method: .post, pattern: "/cart", summary: "Put something into the cart", service: .orders, needsUser: true,
            body: Schema.object(["product": Schema.text(1, 40), "quantity": Schema.integer(1, 100)])),
        Endpoint(
            method: .delete, pattern: "/cart/:id", summary: "Take it out again", service: .orders, needsUser: true),
        Endpoint(
            method: .post, pattern: "/checkout", summary: "Order what is in the cart", service: .orders,
            needsUser: true, body: Schema.object(["card": Schema.text(8, 19)]), success: .created),
        Endpoint(method: .get, pattern: "/orders", summary: "One's orders", service: .orders, needsUser: true),
        Endpoint(
            method: .get, pattern: "/orders/:id", summary: "How an order stands", service: .orders, needsUser: true),
        Endpoint(
            method: .post, pattern: "/media", summary: "Upload a picture", service: .media, needsUser: true,
            bodyBytesMax: 2 << 20, takesFile: true, success: .created),
        Endpoint(method: .get, pattern: "/media/:id", summary: "A picture", service: .media),
        Endpoint(
            method: .post, pattern: "/payments/webhook", summary: "What the payment provider tells", service: .payments,
            body: Schema.object([
                "payment": Schema.text(1, 40), "status": Schema.text(1, 20), "signature": Schema.text(1, 100),
            ]), success: .accepted),
    ]
}

/// JSON schemas, written small.
enum Schema {
    static let email = #"{"type":"string","format":"email","maxLength":200}"#
    static let password = text(8, 200)
    static let product = object([
        "name": text(1, 200), "category": text(1, 40), "description": text(0, 4_000),
        "price_cents": integer(1, 100_000_000), "stock": integer(0, 1_000_000),
    ])

    static func text(_ min: Int, _ max: Int) -> String {
        #"{"type":"string","minLength":\#(min),"maxLength":\#(max)}"#
    }

    static func integer(_ min: Int, _ max: Int) -> String {
        #"{"type":"integer","minimum":\#(min),"maximum":\#(max)}"#
    }

    /// All fields are required.
    static func object(_ fields: KeyValuePairs<String, String>) -> String {
        let properties = fields.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
        let required = fields.map { "\"\($0.key)\"" }.joined(separator: ",")
        return #"{"type":"object","properties":{\#(properties)},"required":[\#(required)]}"#
    }
}
