import Foundation
import Posix
import Synchronization
import Testing

/// The configuration file of a running server.
@Suite struct ConfigurationTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Starts a server with this configuration.
    private func obs(_ configuration: String) throws -> (RunningObs, path: String) {
        let path = try folder.write(configuration, to: "obs.yaml")
        return (try RunningObs("--config", path, data: folder.path + "/data"), path)
    }

    private func metric(_ name: String, _ obs: RunningObs) throws -> String? {
        try obs.get("/metrics").body.split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .map { String($0.dropFirst(name.count + 1)) }
    }

    @Test func aBadFileIsRefusedUnderLoadAndTheOldOneServes() throws {
        let (obs, path) = try obs("global: {scrape_interval: 30s}\n")
        let load = try Load(obs.address)
        _ = try folder.write("global: {scrape_intervall: 10s}\n", to: "obs.yaml")
        for _ in 0..<20 {
            let refused = try obs.post("/-/reload")
            #expect(refused.status == 500)
            #expect(refused.body.contains("\(path):1:10: unknown key"))
            #expect(refused.body.contains("scrape_interval"))
        }
        #expect(try metric("obs_config_last_reload_successful", obs) == "0")
        #expect(try obs.waitForLine("the new configuration is refused").contains("scrape_intervall"))
        #expect(try obs.get("/api/v1/status/config").body.contains("scrape_interval: 30s"))
        #expect(try obs.get("/config").body.contains("scrape_interval: 30s"))

        _ = try folder.write("global: {scrape_interval: 10s}\n", to: "obs.yaml")
        kill(obs.process.processIdentifier, SIGHUP)
        _ = try obs.waitForLine("the configuration was read again")
        #expect(try metric("obs_config_last_reload_successful", obs) == "1")
        #expect(try obs.get("/api/v1/status/config").body.contains("scrape_interval: 10s"))
        let (answered, failed) = load.end()
        #expect(answered > 0)
        #expect(failed.isEmpty, "\(failed)")
        #expect(try obs.end(with: SIGTERM) == 0)
    }

    @Test func aBadFileKeepsTheServerFromStarting() throws {
        let path = try folder.write("scrape_configs:\n  - job_nam: a\n", to: "bad.yaml")
        let result = try Obs.run("collector", "--config", path, "--data", folder.path + "/data")
        #expect(result.code == 1)
        #expect(result.complaints.contains("\(path):2:5: unknown key"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/data"))
    }

    @Test func checkConfigSaysWhatTheServerWouldSay() throws {
        let good = try folder.write("global: {scrape_interval: 30s}\n", to: "good.yaml")
        let bad = try folder.write("global: {scrape_interval: 30}\n", to: "bad.yaml")
        let valid = try Obs.run("check", "config", good)
        #expect(valid.code == 0)
        #expect(valid.output == "\(good): good\n")
        let mixed = try Obs.run("check", "config", good, bad)
        #expect(mixed.code == 1)
        #expect(mixed.output.contains("\n\(bad):1:27: "))
        #expect(try Obs.run("check", "config").code == 2)
        #expect(try Obs.run("check", "config", folder.path + "/nothing.yaml").code == 1)
    }

    @Test func whatANamedFileIsIsCheckedUnlessSyntaxIsAll() throws {
        let path = try folder.write("rule_files: [missing.yaml]\n", to: "obs.yaml")
        #expect(try Obs.run("check", "config", path).code == 1)
        #expect(try Obs.run("check", "config", "--syntax-only", path).code == 0)
    }

    @Test func certificatesAreReplacedByAReload() throws {
        func makeCertificate(_ name: String) throws {
            let made = try Obs.shell(
                "bash",
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=\(name) "
                    + "-addext subjectAltName=IP:127.0.0.1 -keyout \(folder.path)/key.pem -out \(folder.path)/cert.pem")
            try #require(made.code == 0, "\(made.complaints)")
        }
        try makeCertificate("first")
        let (obs, _) = try obs("tls: {cert_file: cert.pem, key_file: key.pem, min_version: TLS13}\n")
        func subject(_ flags: String = "") throws -> Finished {
            try Obs.shell(
                "bash", "openssl s_client -connect \(obs.address) \(flags) </dev/null | openssl x509 -noout -subject")
        }
        #expect(try subject().output.contains("CN = first"))
        #expect(try subject("-tls1_2").code != 0)
        try makeCertificate("second")
        kill(obs.process.processIdentifier, SIGHUP)
        _ = try obs.waitForLine("the configuration was read again")
        #expect(try subject().output.contains("CN = second"))
        try FileManager.default.removeItem(atPath: folder.path + "/key.pem")
        kill(obs.process.processIdentifier, SIGHUP)
        _ = try obs.waitForLine("the new configuration is refused")
        #expect(try subject().output.contains("CN = second"))
        #expect(try obs.end(with: SIGTERM) == 0)
    }

    @Test func tokensAndUsersAreLetInAsTheirRolesSay() throws {
        // The password is "hunter2", hashed by crypt(3) of libxcrypt called from Python.
        let hash = "$y$j75$voqneTgZ.RNGJweXwX44T1$VyNJL2URlTi7/Ty81R2QRJ3FRhzIMlc2Enil4DqxFMA"
        let configuration = "auth: {users: [{name: ada, role: admin, password_hash: \"\(hash)\"}]}\n"
        let (obs, _) = try obs(configuration)
        func status(_ method: String, _ path: String, _ authorization: String?) throws -> Int {
            let fields = authorization.map { ["Authorization: \($0)"] } ?? []
            return try PlainClient(obs.address).request(method, path, fields).status
        }
        let data = folder.path + "/data"
        func token(_ role: String) throws -> String {
            let created = try Obs.run("token", "create", "--role", role, "for-\(role)", "--data", data)
            try #require(created.code == 0, "\(created.complaints)")
            return "Bearer " + created.output.dropLast()
        }
        #expect(try status("GET", "/-/ready", nil) == 200)
        #expect(try status("GET", "/metrics", nil) == 401)
        #expect(try status("GET", "/metrics", "Bearer obs_wrong") == 401)
        #expect(try status("GET", "/metrics", "Basic " + Data("ada:wrong".utf8).base64EncodedString()) == 401)
        let ada = "Basic " + Data("ada:hunter2".utf8).base64EncodedString()
        #expect(try status("GET", "/metrics", ada) == 200)
        #expect(try status("POST", "/-/reload", ada) == 200)
        let (read, ingest) = (try token("read"), try token("ingest"))
        let deadline = Date(timeIntervalSinceNow: RunningObs.patienceSeconds)
        // The server may have taken one of the two before the other was made.
        while try status("GET", "/metrics", ingest) == 401 { try #require(Date() < deadline) }
        #expect(try status("GET", "/metrics", read) == 200)
        #expect(try status("POST", "/-/reload", read) == 403)
        #expect(try status("GET", "/metrics", ingest) == 403)
        #expect(try obs.end(with: SIGTERM) == 0)
        let verified = try Obs.run("verify", "--data", data)
        #expect(verified.code == 0, "\(verified.output)")
        #expect(!verified.output.contains(" 0 audit entries"))
    }
}

/// Requests without a pause on a few connections, until it is ended.
private final class Load: Sendable {
    private let isEnding = Atomic<Bool>(false)
    private let results = Lock((answered: 0, failed: [String]()))
    private let threads = Lock<[OwnedThread]>([])

    init(_ address: String) throws {
        for index in 0..<4 {
            let thread = try OwnedThread(name: "load \(index)") { [self] in ask(address) }
            threads.withLock { $0.append(thread) }
        }
    }

    private func ask(_ address: String) {
        do {
            let client = try PlainClient(address)
            while !isEnding.load(ordering: .relaxed) {
                let status = try client.request("GET", "/-/ready").status
                results.withLock {
                    if status == 200 { $0.answered += 1 } else { $0.failed.append("status \(status)") }
                }
            }
        } catch {
            results.withLock { $0.failed.append("\(error)") }
        }
    }

    func end() -> (answered: Int, failed: [String]) {
        isEnding.store(true, ordering: .relaxed)
        threads.withLock { threads in
            for thread in threads { thread.join() }
        }
        return results.withLock { $0 }
    }
}
