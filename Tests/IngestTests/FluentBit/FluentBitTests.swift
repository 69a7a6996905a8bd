import HTTP
import Ingest
import Testing

@Suite("Fluent Bit's http output")
struct FluentBitTests {
    @Test(
        "is taken as a list, as lines and as a stream of objects",
        arguments: [
            #"[{"date":1795193400.5,"log":"a ]}\"{"},{"date":1795193401,"n":{"k":[1]}}]"#,
            "{\"date\":1795193400.5,\"log\":\"a ]}\\\"{\"}\n{\"date\":1795193401,\"n\":{\"k\":[1]}}\n",
            #"{"date":1795193400.5,"log":"a ]}\"{"}{"date":1795193401,"n":{"k":[1]}}"#,
        ])
    func takesForms(body: String) throws {
        let fixture = try LogFixture()
        #expect(try fixture.post("/insert/fluentbit", Array(body.utf8), [("FLUENT-TAG", "app")]).status == .noContent)
        #expect(
            try fixture.entries() == [
                #"tag=app 1795193400500000000 {"date":1795193400.5,"log":"a ]}\"{"}"#,
                #"tag=app 1795193401000000000 {"date":1795193401,"n":{"k":[1]}}"#,
            ])
    }

    @Test("is refused where it is something else", arguments: ["x", "{\"a\":1", "[1]", "{\"a\":1} x", "{a}"])
    func refusesOthers(body: String) throws {
        let fixture = try LogFixture()
        #expect(try fixture.post("/insert/fluentbit", Array(body.utf8)).status == .badRequest)
        #expect(try fixture.entries().isEmpty)
    }
}
