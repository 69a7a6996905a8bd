import Web

extension FuzzedDecoder {
    /// What remote readers ask stays within its bounds.
    static let readRequest = FuzzedDecoder("read-request") { bytes in
        let request: ReadRequest
        do throws(ReadRequestError) {
            request = try ReadRequest(bytes)
        } catch {
            check(!error.description.isEmpty, "a refusal without a reason")
            return
        }
        check(request.queries.count <= ReadRequest.queriesMax, "too many queries")
        check(
            request.queries.allSatisfy { $0.matchers.count <= ReadRequest.matchersMax },
            "too many matchers")
    }
}
