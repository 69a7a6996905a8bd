import Encoding
import Testing

@testable import obs

@Suite struct ShownYAMLTests {
    private func load(_ text: String) throws -> ConfigurationResult {
        try ConfigurationFolder(["obs.yml": text]).load(syntaxOnly: true)
    }

    @Test func showsEverythingButSecrets() throws {
        let result = try load(
            """
            global: {scrape_interval: 30s}
            scrape_configs:
              - job_name: "a: b"
                basic_auth: {username: ada, password: hunter2}
                static_configs: []
              - job_name: c
                authorization:
                  credentials: |
                    tok-hunter2-en
            remote_write:
              - url: https://ada:hunter2@example.com/write
                http_headers: {X-Key: {secrets: [hunter2]}}
            """)
        #expect(result.errors.isEmpty, "\(result.errors)")
        #expect(!result.shownYAML.contains("hunter2"))
        #expect(
            result.shownYAML == """
                global:
                  scrape_interval: 30s
                scrape_configs:
                  -
                    job_name: "a: b"
                    basic_auth:
                      username: <secret>
                      password: <secret>
                    static_configs: []
                  -
                    job_name: c
                    authorization:
                      credentials: <secret>
                remote_write:
                  -
                    url: "https://ada:xxxxx@example.com/write"
                    http_headers:
                      X-Key:
                        secrets:
                          - <secret>

                """)
    }

    @Test func whatIsShownReadsAsTheSame() throws {
        let text = """
            global: {external_labels: {a: "yes", b: "1", c: "- x", d: "", e: "über # x", f: "a\\nb"}}
            """
        let first = try load(text)
        #expect(first.errors.isEmpty, "\(first.errors)")
        let second = try load(first.shownYAML)
        #expect(second.errors.isEmpty, "\(second.errors)")
        #expect(second.shownYAML == first.shownYAML)
        #expect(second.configuration.global.externalLabels == first.configuration.global.externalLabels)
    }
}
