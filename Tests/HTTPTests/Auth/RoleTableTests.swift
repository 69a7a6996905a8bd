import HTTP
import Testing

/// Each role against each kind of route, through a real server.
@Suite struct RoleTableTests {
    /// Rows: what the principal has. Columns: what the route needs. Filled in by hand from the documentation of `Role`.
    static let table: [(has: Role, letsIn: [Role: Bool])] = [
        (.ingest, [.ingest: true, .read: false, .operate: false, .admin: false]),
        (.read, [.ingest: false, .read: true, .operate: false, .admin: false]),
        (.operate, [.ingest: false, .read: true, .operate: true, .admin: false]),
        (.admin, [.ingest: true, .read: true, .operate: true, .admin: true]),
    ]

    @Test(arguments: table.map(\.has)) func eachRoleIsLetInWhereItShould(has: Role) throws {
        let server = try AuthServer()
        let row = try #require(Self.table.first { $0.has == has }).letsIn
        for needs in Role.allCases {
            for method in ["GET", "POST"] {
                let answer = try server.request(
                    "/needs/\(needs.rawValue)", method: method, authorization: server.bearer(has),
                    body: method == "POST" ? "x" : "")
                let isLetIn = row[needs] == true
                #expect(answer.status == (isLetIn ? 200 : 403), "\(has) at \(method) \(needs)")
                if !isLetIn {
                    #expect(
                        answer.text
                            == "this path needs the role \(needs.rawValue); token:\(has.rawValue) has \(has.rawValue)\n"
                    )
                }
            }
        }
    }

    @Test func withoutCredentialsOnlyOpenRoutesAnswer() throws {
        let server = try AuthServer()
        for needs in Role.allCases {
            #expect(try server.request("/needs/\(needs.rawValue)").status == 401)
        }
        #expect(try server.request("/hello").status == 200)
    }

    @Test func everyRouteOfAServerSaysItsRole() throws {
        let server = try AuthServer()
        #expect(try server.request("/needs/read", authorization: server.bearer(.read)).text == "token:read")
    }
}
