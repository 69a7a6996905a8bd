import Encoding

/// A product as the database has it.
struct ProductRow: Sendable {
    static let categories = ["books", "music", "garden", "kitchen", "toys", "repairs", "lessons", "tickets"]

    static let schema = """
        CREATE TABLE IF NOT EXISTS products (id TEXT PRIMARY KEY, seller TEXT NOT NULL, name TEXT NOT NULL,
        category TEXT NOT NULL, description TEXT NOT NULL, price_cents BIGINT NOT NULL, stock BIGINT NOT NULL,
        created_ms BIGINT NOT NULL);
        CREATE INDEX IF NOT EXISTS products_by_category ON products (category, id);
        """

    let id: String
    let seller: String
    let name: String
    let category: String
    let description: String
    let priceCents: Int
    let stock: Int
    let createdMs: Int64

    init(id: String, seller: String, _ form: inout Form, nowMs: Int64) {
        self.id = id
        self.seller = seller
        name = form.text("name", length: 1...200)
        category = form.text("category", length: 1...40)
        description = form.text("description", length: 0...4_000)
        priceCents = form.integer("price_cents", in: 1...100_000_000)
        stock = form.integer("stock", in: 0...1_000_000)
        createdMs = nowMs
    }

    private init(_ row: SQLRow) {
        (id, seller, name, category) = (row[0].text, row[1].text, row[2].text, row[3].text)
        (description, priceCents, stock) = (row[4].text, row[5].integer, row[6].integer)
        createdMs = Int64(row[7].integer)
    }

    private static let columns = "id, seller, name, category, description, price_cents, stock, created_ms"

    static func find(_ ask: Ask, _ id: String) throws(StoreFailure) -> ProductRow? {
        try ask("SELECT \(columns) FROM products WHERE id = $1", [.text(id)]).first.map(ProductRow.init)
    }

    /// A page of what fits, as JSON.
    static func page(
        _ ask: Ask, words: String, category: String, page: Int, count: Int
    ) throws(StoreFailure) -> [UInt8] {
        var pattern = words.lowercased()
        pattern.removeAll { $0 == "%" || $0 == "_" || $0 == "\\" }
        let rows = try ask(
            """
            SELECT \(columns) FROM products WHERE ($1 = '' OR category = $1) AND lower(name) LIKE $2
            ORDER BY id LIMIT $3 OFFSET $4
            """, [.text(category), .text("%\(pattern)%"), .integer(count), .integer(page * count)])
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("page", page)
        writer.name("items")
        writer.beginArray()
        for row in rows { ProductRow(row).write(to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    func insert(_ ask: Ask) throws(StoreFailure) {
        _ = try ask(
            "INSERT INTO products (\(Self.columns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            [
                .text(id), .text(seller), .text(name), .text(category), .text(description), .integer(priceCents),
                .integer(stock), .integer(createdMs),
            ])
    }

    /// False where the seller has no such product.
    func update(_ ask: Ask) throws(StoreFailure) -> Bool {
        let changed = try ask(
            """
            UPDATE products SET name = $1, category = $2, description = $3, price_cents = $4, stock = $5
            WHERE id = $6 AND seller = $7 RETURNING id
            """,
            [
                .text(name), .text(category), .text(description), .integer(priceCents), .integer(stock), .text(id),
                .text(seller),
            ])
        return !changed.isEmpty
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", id)
        writer.member("seller", seller)
        writer.member("name", name)
        writer.member("category", category)
        writer.member("description", description)
        writer.member("price_cents", priceCents)
        writer.member("in_stock", stock > 0)
        writer.endObject()
    }

    var json: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }
}

/// The first products of an empty catalog.
extension ProductRow {
    private static let seedCount = 400
    private static let kinds = ["old", "blue", "small", "quiet", "wooden", "northern", "bright", "plain"]
    private static let things = ["lamp", "atlas", "violin", "spade", "kettle", "kite", "bench", "course"]

    static func seed(_ store: Store, nowMs: Int64) throws(StoreFailure) {
        try store.write("seed") { ask throws(StoreFailure) in
            guard try ask("SELECT id FROM products LIMIT 1", []).isEmpty else { return }
            for number in 0..<seedCount { try ProductRow(seed: number, nowMs: nowMs).insert(ask) }
        }
    }

    private init(seed number: Int, nowMs: Int64) {
        let kind = Self.kinds[number % Self.kinds.count]
        let thing = Self.things[number / Self.kinds.count % Self.things.count]
        id = "p_\(number)"
        seller = "u_seed"
        name = "\(kind) \(thing) \(number)"
        category = Self.categories[number % Self.categories.count]
        description = "A \(kind) \(thing), as good as it was on its first day."
        priceCents = 500 + number * 37 % 20_000
        stock = 1_000_000
        createdMs = nowMs
    }
}
