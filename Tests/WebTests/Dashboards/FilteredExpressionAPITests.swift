import Encoding
import HTTP
import Testing

@testable import Web

@Suite struct FilteredExpressionAPITests {
    /// What Grafana's ad-hoc filters make of an expression: the condition in every selector.
    @Test(arguments: [
        ("up", #"up{env="prod"}"#),
        (#"{job="a"}"#, #"{env="prod",job="a"}"#),
        (
            #"sum by (job) (rate(x_total[5m])) / on (job) y{a=~"b.*"} offset 1h"#,
            #"sum by (job) (rate(x_total{env="prod"}[5m])) / on (job) y{a=~"b.*",env="prod"} offset 1h"#
        ),
        ("max_over_time((a + b)[1h:1m])", #"max_over_time((a{env="prod"} + b{env="prod"})[1h:1m])"#),
        ("topk(scalar(n), -m)", #"topk(scalar(n{env="prod"}), -m{env="prod"})"#), ("1 + time()", "1 + time()"),
    ])
    func everySelectorHasTheCondition(query: String, expected: String) throws {
        let answer = try ask(query, [#"env="prod""#])
        let text = try #require(answer["data"]?.text)
        #expect(sorted(text) == sorted(expected))
    }

    @Test func saysWhichOfThemIsWrong() throws {
        #expect(try ask("up{", [])["error"]?.text?.contains(#""query""#) == true)
        #expect(try ask("up", ["env"])["error"]?.text?.contains(#""matcher[]""#) == true)
    }

    /// Conditions may stand in any order.
    private func sorted(_ text: String) -> [String] { text.split { "{},".contains($0) }.map(String.init).sorted() }

    private func ask(_ query: String, _ matchers: [String]) throws -> JSONValue {
        let server = try APIServer { _, _, router in FilteredExpressionAPI().add(to: &router) }
        var form = "query=" + escaped(query)
        for matcher in matchers { form += "&matcher%5B%5D=" + escaped(matcher) }
        return try JSONValue.parse(
            try server.post(
                "/obs/v1/expressions/filtered", Array(form.utf8), "application/x-www-form-urlencoded"
            ).body.span)
    }

    private func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}
