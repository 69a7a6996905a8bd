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
            let refusal = OpenGate.refusal(.thisMachine, host: host, origin: nil, isChange: isChange)
            #expect((refusal == nil) == isLetIn)
        }
        #expect(OpenGate.refusal(.programs, host: host, origin: nil, isChange: true) == nil)
    }

    @Test(arguments: [
        ("http://127.0.0.1:9440", true), ("https://127.0.0.1:9440", true), ("http://127.0.0.1", false),
        ("https://evil.example", false), ("null", false), ("http://127.0.0.1:9440.evil.example", false),
    ])
    func pagesOfOtherSitesChangeNothing(origin: String, isLetIn: Bool) {
        func refusal(_ callers: OpenGate.Callers, isChange: Bool) -> RequestRefusal? {
            OpenGate.refusal(callers, host: "127.0.0.1:9440", origin: origin, isChange: isChange)
        }
        for callers in [OpenGate.Callers.thisMachine, .programs] {
            #expect((refusal(callers, isChange: true) == nil) == isLetIn)
            #expect(refusal(callers, isChange: false) == nil)
        }
        #expect(refusal(.everyone, isChange: true) == nil)
    }

    @Test func programsWithoutAHostAreLetIn() {
        #expect(OpenGate.refusal(.thisMachine, host: nil, origin: nil, isChange: true) == nil)
    }
}
