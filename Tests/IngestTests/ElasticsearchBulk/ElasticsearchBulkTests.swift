import Encoding
import HTTP
import Ingest
import Testing

@Suite("Elasticsearch's bulk request")
struct ElasticsearchBulkTests {
    private let body = """
        {"create":{"_index":"shop","_id":"1"}}
        {"@timestamp":"2026-11-20T16:50:00Z","message":"one"}
        {"index":{}}
        {"@timestamp":"2026-11-20T16:50:01Z","host":"h","message":"two"}

        """

    @Test("keeps documents, answers each for itself and names the product")
    func takesDocuments() throws {
        let fixture = try LogFixture()
        let (status, text) = try fixture.post("/web/_bulk?_stream_fields=host", Array(body.utf8))
        #expect(status == .ok)
        let answer = try JSONValue.parse(Array(text.utf8).span)
        #expect(answer["errors"] == .bool(false))
        let items = answer["items"]?.elements ?? []
        #expect(items.map { $0.members?.first?.name } == ["create", "index"])
        #expect(items.map { $0.members?.first?.value["status"]?.int } == [201, 201])
        #expect(items.map { $0.members?.first?.value["_index"]?.text } == ["shop", "web"])
        #expect(
            try fixture.entries() == [
                #"index=shop 1795193400000000000 {"@timestamp":"2026-11-20T16:50:00Z","message":"one"}"#,
                #"host=h,index=web 1795193401000000000 {"@timestamp":"2026-11-20T16:50:01Z","host":"h","message":"two"}"#,
            ])
    }

    @Test("answers what it cannot keep item by item, and keeps the rest")
    func refusesItems() throws {
        let fixture = try LogFixture()
        let body = """
            {"delete":{"_index":"a","_id":"1"}}
            {"update":{"_id":"1"}}
            {"doc":{}}
            {"create":{}}
            no document
            {"create":{}}
            {"message":"kept"}
            """
        let (status, text) = try fixture.post("/_bulk", Array(body.utf8))
        #expect(status == .ok)
        let answer = try JSONValue.parse(Array(text.utf8).span)
        #expect(answer["errors"] == .bool(true))
        let statuses = (answer["items"]?.elements ?? []).map { $0.members?.first?.value["status"]?.int }
        #expect(statuses == [400, 400, 400, 201])
        #expect(try fixture.entries().count == 1)
    }

    @Test("refuses a body that is no bulk request", arguments: ["{\"create\":{}}\n", "{}\n{}\n", "x\n{}\n"])
    func refusesBodies(body: String) throws {
        let fixture = try LogFixture()
        #expect(try fixture.post("/_bulk", Array(body.utf8)).status == .badRequest)
        #expect(try fixture.entries().isEmpty)
    }
}
