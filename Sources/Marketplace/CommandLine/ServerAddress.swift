import Databases
import Encoding
import HTTP
import Posix

/// Where a database is, as `postgres://user:password@host:port/database` or `redis://:password@host:port/number`.
struct ServerAddress {
    private let url: URL

    init(_ text: String, schemes: [String]) throws(UsageFailure) {
        let form = "write \(schemes[0])://user:password@host:port/database"
        do throws(URLError) {
            url = try URL(text)
        } catch {
            throw UsageFailure(description: "\(error.reason); \(form)")
        }
        guard schemes.contains(url.scheme), !url.host.isEmpty else {
            throw UsageFailure(description: "this is no address of such a server; \(form)")
        }
    }

    private var user: String? {
        let name = decoded(url.userInfo.prefix { $0 != ":" })
        return name.isEmpty ? nil : name
    }

    private var password: Secret? {
        guard let colon = url.userInfo.firstIndex(of: ":") else { return nil }
        return Secret(decoded(url.userInfo[url.userInfo.index(after: colon)...]))
    }

    private var port: UInt16? { UInt16(url.authority.dropFirst(url.host.count + 1)) }

    /// Without the brackets of an IPv6 address. The folder of a socket is written `%2Frun%2Fpostgresql`.
    private var host: String { decoded(url.host.filter { $0 != "[" && $0 != "]" }) }

    private var path: String { decoded(url.target.prefix { $0 != "?" }.dropFirst()) }

    var postgres: PostgresOptions {
        var options = PostgresOptions(host: host, application: "marketplace", timeoutNs: 5_000_000_000)
        if let port { options.port = Int(port) }
        if let user { options.user = user }
        if !path.isEmpty { options.database = path }
        options.password = password
        return options
    }

    /// Looks the name up.
    func redis() throws(UsageFailure) -> RedisOptions {
        do throws(SystemError) {
            guard let address = try HostName.addresses(of: host, port: port ?? 6_379).first else {
                throw SystemError(call: "getaddrinfo", on: host, code: 6)
            }
            return RedisOptions(address, user: user, password: password, database: Int(path) ?? 0)
        } catch {
            throw UsageFailure(description: "\(host) is not known: \(error)")
        }
    }

    private func decoded(_ text: some StringProtocol) -> String {
        PercentEncoding.decode(Array(text.utf8).span, plusIsSpace: false) ?? String(text)
    }
}
