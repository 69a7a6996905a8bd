import Crypto
import Encoding
import Foundation
import HTTP
import Ingest
import Model
import TSDB
import Testing

@testable import obs

@Suite struct ConfigurationTests {
    @Test func anEmptyFileHasPrometheusDefaults() throws {
        let folder = try ConfigurationFolder(["obs.yml": "# nothing\n"])
        let result = folder.load()
        #expect(result.errors.isEmpty && result.notices.isEmpty)
        let configuration = result.configuration
        #expect(configuration.global.scrape.intervalMs == 60_000)
        #expect(configuration.global.scrape.timeoutMs == 10_000)
        #expect(configuration.global.evaluationIntervalMs == 60_000)
        #expect(configuration.auth == nil)
        #expect(configuration.storage.sync == .everyMs(1000))
        #expect(configuration.storage.retentionMs == 0)
    }

    @Test func jobsTakeOverWhatGlobalSays() throws {
        let folder = try ConfigurationFolder([
            "obs.yml": """
            scrape_configs:
              - job_name: a
              - job_name: b
                scrape_interval: 20s
                scrape_timeout: 1s
                sample_limit: 7
                metric_name_validation_scheme: legacy
            global: {scrape_interval: 5s, sample_limit: 100, body_size_limit: 1MB, scrape_native_histograms: true}
            """
        ])
        let result = folder.load()
        #expect(folder.errors(result) == [])
        let (a, b) = (result.configuration.scrapes[0], result.configuration.scrapes[1])
        #expect((a.intervalMs, a.timeoutMs) == (5000, 5000))
        #expect((b.intervalMs, b.timeoutMs) == (20_000, 1000))
        #expect((a.limits.samples, b.limits.samples, b.limits.bodyBytes) == (100, 7, 1 << 20))
        #expect(a.protocols.first == .prometheusProto)
        #expect((a.escaping, b.escaping) == (.allowUTF8, .underscores))
    }

    @Test func findsEveryMistakeOfAFileAtOnce() throws {
        let folder = try ConfigurationFolder([
            "obs.yml": """
            global:
              scrap_interval: 15s
            scrape_config:
            scrape_configs:
              - job_name: a
                scheme: htps
                relabel_configs:
                  - action: dorp
            """
        ])
        #expect(
            folder.errors(folder.load()) == [
                "obs.yml:2:3: unknown key \"scrap_interval\" in global; did you mean \"scrape_interval\"?",
                "obs.yml:6:13: scheme is \"htps\"; did you mean \"https\"?",
                "obs.yml:8:17: unknown relabel action \"dorp\"; did you mean \"drop\"?",
                "obs.yml:3:1: unknown key \"scrape_config\" in the configuration; did you mean \"scrape_configs\"?",
            ])
    }

    @Test func aMissingFileIsAnErrorWithItsName() {
        let result = Configuration.load(path: "/nonexistent/obs.yml", syntaxOnly: true)
        #expect(result.errors.count == 1)
        #expect(result.errors.first?.description.contains("/nonexistent/obs.yml") == true)
    }

    @Test func readsTheFilesThatItNames() throws {
        let folder = try ConfigurationFolder([
            "obs.yml":
                "scrape_config_files: ['jobs/*.yml']\nscrape_configs: [{job_name: a}]\nglobal: {scrape_interval: 7s}\n",
            "jobs/b.yml": "scrape_configs: [{job_name: b}]\n", "jobs/c.yml": "scrape_configs: [{job_name: c}]\n",
            "jobs/d.txt": "not read",
        ])
        let result = folder.load()
        #expect(folder.errors(result) == [])
        #expect(result.configuration.scrapes.map(\.job) == ["a", "b", "c"])
        #expect(result.configuration.scrapes.allSatisfy { $0.intervalMs == 7000 })
        #expect(folder.load(syntaxOnly: true).configuration.scrapes.map(\.job) == ["a"])
    }

    @Test func aNameThatComesTwiceIsRefusedAcrossFiles() throws {
        let folder = try ConfigurationFolder([
            "obs.yml": "scrape_config_files: ['more.yml']\nscrape_configs: [{job_name: a}]\n",
            "more.yml": "scrape_configs:\n  - job_name: a\n",
        ])
        let expected =
            "more.yml:2:5: found multiple scrape configs with job name \"a\"; the first is at obs.yml:2:18: rename one"
        #expect(
            folder.errors(folder.load()).map { $0.replacingOccurrences(of: folder.path + "/", with: "") } == [expected])
    }

    @Test func namedFilesHaveToBeThereUnlessOnlySyntaxIsAsked() throws {
        let folder = try ConfigurationFolder([
            "obs.yml":
                "rule_files: [a.rules]\nscrape_configs: [{job_name: a, authorization: {credentials_file: token}}]\n"
        ])
        #expect(folder.load(syntaxOnly: true).errors.isEmpty)
        #expect(
            folder.errors(folder.load()) == [
                "obs.yml:1:14: \"a.rules\" does not point to an existing file; create it or correct the path",
                "obs.yml:2:66: error checking credentials_file \"token\": no such file; create it or correct the path",
            ])
    }

    @Test func targetsInFilesAreReadAndChecked() throws {
        let folder = try ConfigurationFolder([
            "obs.yml": "scrape_configs: [{job_name: a, file_sd_configs: [{files: ['t/*.json', gone.yml]}]}]\n",
            "t/good.json": "[{\"targets\": [\"h:1\"], \"labels\": {\"x\": \"y\"}}]",
            "t/bad.json": "[{\"targats\": []}]",
        ])
        let result = folder.load()
        #expect(
            folder.errors(result) == [
                "t/bad.json:1:3: unknown key \"targats\" in target group; did you mean \"targets\"?"
            ])
        #expect(result.notices.map(\.text).contains { $0.contains("gone.yml") })
    }

    @Test func whatHasNothingToActOnIsNamed() throws {
        let folder = try ConfigurationFolder([
            "obs.yml":
                "runtime: {gogc: 42}\ntracing: {endpoint: 'h:1'}\nremote_write: [{url: 'http://h', sigv4: {region: x}}]\n"
        ])
        let result = folder.load()
        #expect(folder.errors(result) == [])
        #expect(result.notices.map(\.position.line) == [3, 1, 2])
    }
}

@Suite struct ConfigurationOwnKeysTests {
    @Test func readsTheCertificatesOfTheServer() throws {
        let folder = try ConfigurationFolder([
            "obs.yml": "tls: {cert_file: c.pem, key_file: k.pem, client_ca_file: ca.pem, min_version: TLS13}\n"
        ])
        let tls = try #require(folder.load(syntaxOnly: true).configuration.tls)
        #expect(tls.certificates == [.init(chainFile: folder.path + "/c.pem", keyFile: folder.path + "/k.pem")])
        #expect(tls.clientCertificates == .required(authoritiesFile: folder.path + "/ca.pem"))
        #expect(tls.minVersion == .tls13)
        #expect(folder.load().errors.count == 3)
    }

    @Test func readsTheKeysOfPrometheusWebConfiguration() throws {
        let folder = try ConfigurationFolder([
            "obs.yml": """
            tls:
              cert_file: c.pem
              key_file: k.pem
              client_auth_type: VerifyClientCertIfGiven
              client_ca_file: ca.pem
              client_allowed_sans: [agent.test, "spiffe://a/b"]
              min_version: TLS12
              max_version: TLS12
              cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]
              curve_preferences: [CurveP384, X25519]
              prefer_server_cipher_suites: false
            """
        ])
        let result = folder.load(syntaxOnly: true)
        #expect(folder.errors(result) == [])
        let tls = try #require(result.configuration.tls)
        #expect(tls.clientCertificates == .optional(authoritiesFile: folder.path + "/ca.pem"))
        #expect(tls.clientNames == ["agent.test", "spiffe://a/b"])
        #expect((tls.minVersion, tls.maxVersion) == (.tls12, .tls12))
        #expect(tls.cipherSuites == [.rsaAES256])
        #expect(tls.curves == [.p384, .x25519])
        #expect(!tls.prefersOwnOrder)
    }

    @Test func readsUsersAndStorage() throws {
        let folder = try ConfigurationFolder([
            "obs.yml": """
            auth:
              users:
                - {name: ann, password_hash: "${HASH}", role: admin, requests_per_second: 5, bytes_per_second: 1MB, requests_at_once: 2}
                - {name: bob, password_hash_file: bob.hash, role: read}
            storage: {path: data, fsync_interval: always, tsdb: {retention: {time: 30d, size: 10GB}}}
            """,
            "bob.hash": "$y$x",
        ])
        let result = folder.load("obs.yml", ["HASH": "$2y$abc"])
        #expect(folder.errors(result) == [])
        let auth = try #require(result.configuration.auth)
        #expect(auth.users.map(\.name) == ["ann", "bob"])
        #expect(auth.users[0].passwordHash == .text(Secret("$2y$abc")))
        #expect(
            auth.users[0].limits
                == PrincipalLimits(requestsPerSecond: 5, bytesPerSecond: 1 << 20, requestsAtOnce: 2))
        #expect(auth.users[1].passwordHash == .file(folder.path + "/bob.hash"))
        let storage = result.configuration.storage
        #expect(storage.path == folder.path + "/data")
        #expect(storage.sync == .always)
        #expect((storage.retentionMs, storage.retentionBytes) == (30 * 86_400_000, 10 << 30))
    }

    @Test func readsLimitsAndRetentionBySelector() throws {
        let folder = try ConfigurationFolder([
            "obs.yml": """
            storage:
              series_limit: 5
              label_limit: 4
              label_name_length_limit: 30
              label_value_length_limit: 20
              request_sample_limit: 7
              min_free_space: 1GB
              retention_rules:
                - {selector: '{job="debug",env!="prod"}', time: 1d}
            """
        ])
        let result = folder.load()
        #expect(folder.errors(result) == [])
        let storage = result.configuration.storage
        #expect(
            storage.limits
                == .init(
                    series: 5, labels: 4, labelNameBytes: 30, labelValueBytes: 20, requestSamples: 7,
                    freeBytes: 1 << 30))
        let rule = try #require(storage.retentionRules.first)
        #expect(rule.retentionMs == 86_400_000)
        #expect(rule.matchers.map { "\($0.name)\($0.operation.rawValue)\($0.value)" } == ["job=debug", "env!=prod"])
    }

    @Test(arguments: [
        ("auth: {users: [{name: a, role: read}]}", "password_hash is missing; make one with `mkpasswd -m yescrypt`"),
        ("auth: {users: [{name: a, password_hash: h}]}", "role is missing; use ingest, read, operate, admin"),
        ("auth: {users: [{name: a, password_hash: h, role: reed}]}", "role is \"reed\"; did you mean \"read\"?"),
        ("auth: {users: [{name: 'a:b', password_hash: h, role: read}]}", "a user's name is missing or has a colon"),
        (
            "auth: {users: [{name: a, password_hash: '${NONE}', role: read}]}",
            "the environment has no variable \"NONE\"; set it or write the value"
        ),
        (
            "storage: {fsync_interval: soon}",
            "fsync_interval: not a valid duration string: \"soon\" (write it like 90s, 15m or 1d12h)"
        ),
        ("tls: {cert_file: c}", "cert_file and key_file belong together"),
        ("tls: {min_version: TLS12}", "tls has no certificate; name cert_file and key_file"),
        (
            "tls: {cert_file: c, key_file: k, client_auth_type: RequireAndVerifyClientCert}",
            "client_auth_type needs client_ca_file"
        ),
        (
            "tls: {cert_file: c, key_file: k, client_ca_file: a, client_auth_type: RequireAnyClientCert}",
            "RequireAnyClientCert would take certificates that nobody vouches for; "
                + "use VerifyClientCertIfGiven or RequireAndVerifyClientCert"
        ),
        (
            "tls: {cert_file: c, key_file: k, min_version: TLS11}",
            "TLS11 is broken and obs does not speak it; use TLS12 or TLS13"
        ),
        (
            "tls: {cert_file: c, key_file: k, min_version: TLS13, max_version: TLS12}",
            "max_version is below min_version"
        ),
        (
            "tls: {cert_file: c, key_file: k, curve_preferences: [CurveP521]}",
            "curve_preferences names \"CurveP521\", which is unknown or not safe; use X25519, CurveP256, CurveP384"
        ),
        (
            "tls: {cert_file: c, key_file: k, client_allowed_sans: [a]}",
            "client_allowed_sans needs client_ca_file"
        ),
        (
            "storage: {retention_rules: [{selector: 'up{'}]}",
            "a retention rule needs a selector and a time; write {selector: '{job=\"x\"}', time: 7d}"
        ),
        (
            "storage: {series_limit: 0}",
            "series_limit is 0; it has to be at least 1"
        ),
        ("storage: {pth: x}", "unknown key \"pth\" in storage; did you mean \"path\"?"),
    ])
    func refusesWithThePlace(text: String, reason: String) throws {
        let folder = try ConfigurationFolder(["obs.yml": text])
        let errors = folder.errors(folder.load(syntaxOnly: true))
        #expect(errors.contains { $0.hasPrefix("obs.yml:1:") && $0.hasSuffix(": " + reason) }, "\(errors)")
    }

    @Test func leavesDollarsOfPrometheusKeysAlone() throws {
        let folder = try ConfigurationFolder([
            "obs.yml":
                "scrape_configs: [{job_name: '${X}', relabel_configs: [{target_label: a, replacement: '${1}-$X'}]}]\n"
        ])
        let result = folder.load("obs.yml", ["X": "value", "1": "value"])
        #expect(result.configuration.scrapes[0].job == "${X}")
        #expect(result.configuration.scrapes[0].targetRules[0].replacement == "${1}-$X")
    }

    /// As Prometheus expands them, from its own test data.
    @Test(arguments: [
        ("foo", "foo"), ("foo${TEST}bar", "fooTestValuebar"), ("foo$TEST", "fooTestValue"),
        ("foo$${TEST}", "foo${TEST}"), ("foo$$bar", "foo$bar"),
        ("$NONE", ""), ("a$", "a$"),
    ])
    func externalLabelsTakeTheEnvironment(text: String, expected: String) throws {
        let folder = try ConfigurationFolder(["obs.yml": "global: {external_labels: {x: '\(text)'}}\n"])
        let result = folder.load("obs.yml", ["TEST": "TestValue"])
        #expect(folder.errors(result) == [])
        #expect(result.configuration.global.externalLabels["x"] == expected)
        #expect(result.notices.isEmpty == !text.contains("NONE"))
    }
}
