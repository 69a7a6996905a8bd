import Crypto
import Testing

/// The vectors of AWS' own test suite for signature version 4 (aws-sig-v4-test-suite).
struct SigV4Tests {
    private static let credentials = SigV4.Credentials(
        accessKey: "AKIDEXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    /// 2015-08-30T12:36:00Z
    private static let wallMs: Int64 = 1_440_938_160_000

    private func signature(
        _ method: String, path: String = "/", query: String = "", fields: [(name: String, value: String)] = [],
        body: String = ""
    ) -> String {
        var request = SigV4.Request(method: method, host: "example.amazonaws.com", path: path, query: query)
        request.fields = fields
        let signer = SigV4(Self.credentials, region: "us-east-1", service: "service")
        let bytes = Array(body.utf8)
        let added = signer.fields(for: request, body: bytes.span, atMs: Self.wallMs)
        return added.first { $0.name == "Authorization" }?.value ?? ""
    }

    @Test func getVanilla() {
        #expect(
            signature("GET")
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        )
    }

    @Test func getVanillaQueryOrderKeyCase() {
        #expect(
            signature("GET", query: "Param2=value2&Param1=value1").hasSuffix(
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"))
    }

    @Test func postVanilla() {
        #expect(
            signature("POST").hasSuffix("5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"))
    }

    @Test func postForm() {
        let text = signature(
            "POST", fields: [("Content-Type", "application/x-www-form-urlencoded")], body: "Param1=value1")
        #expect(text.hasSuffix("ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"))
        #expect(text.contains("SignedHeaders=content-type;host;x-amz-date,"))
    }

    @Test func aTokenIsSignedAndSent() {
        let credentials = SigV4.Credentials(accessKey: "a", secretKey: "b", sessionToken: "t")
        let signer = SigV4(credentials, region: "r", service: "s3")
        let none: [UInt8] = []
        let added = signer.fields(
            for: SigV4.Request(method: "GET", host: "h", path: "/k"), body: none.span, atMs: Self.wallMs)
        #expect(added.map(\.name) == ["X-Amz-Date", "X-Amz-Content-Sha256", "X-Amz-Security-Token", "Authorization"])
        #expect(
            added.last?.value.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,")
                == true)
    }
}
