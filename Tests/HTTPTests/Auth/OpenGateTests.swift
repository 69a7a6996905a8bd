import Testing

@testable import HTTP

@Suite struct OpenGateTests {
    @Test(arguments: [
        ("127.0.0.1:9440", true), ("localhost:9440", true), ("LOCALHOST", true), ("[::1]:9440", true), ("[::1]", true),
        ("10.1.2.3", true), ("evil.example:9440", false), ("localhost.evil.example", false), ("", true),
        ("[::1", false),
        ("127.0.0.1.evil.example", false),
    ])
    func onLoopbackANameIsRefused(host: String, isLetIn: Bool) {
        for isChange in [false, true] {
            let refusal = OpenGate.refusal(host: host, origin: nil, isChange: isChange, isLoopback: true)
            #expect((refusal == nil) == isLetIn)
        }
        #expect(OpenGate.refusal(host: host, origin: nil, isChange: true, isLoopback: false) == nil)
    }

    @Test(arguments: [
        ("http://127.0.0.1:9440", true), ("https://127.0.0.1:9440", true), ("http://127.0.0.1", false),
        ("https://evil.example", false), ("null", false), ("http://127.0.0.1:9440.evil.example", false),
    ])
    func pagesOfOtherSitesChangeNothing(origin: String, isLetIn: Bool) {
        for isLoopback in [false, true] {
            func refusal(isChange: Bool) -> RequestRefusal? {
                OpenGate.refusal(
                    host: "127.0.0.1:9440", origin: origin, isChange: isChange, isLoopback: isLoopback)
            }
            #expect((refusal(isChange: true) == nil) == isLetIn)
            #expect(refusal(isChange: false) == nil)
        }
    }

    @Test func programsWithoutAHostAreLetIn() {
        #expect(OpenGate.refusal(host: nil, origin: nil, isChange: true, isLoopback: true) == nil)
    }
}
