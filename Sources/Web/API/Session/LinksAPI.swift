import Encoding
package import HTTP
package import Ledger

/// `/obs/v1/links`: short codes for long addresses of the pages, which show them as `/s/<code>`.
package struct LinksAPI: Sendable {
    private let ledger: Ledger
    private let pool: HandlerPool

    package init(_ ledger: Ledger, pool: HandlerPool) {
        (self.ledger, self.pool) = (ledger, pool)
    }

    package func add(to router: inout Router) {
        router.post("/obs/v1/links", role: .read, bodyBytesMax: 2 * Ledger.linkBytesMax) { [self] request, response in
            let body = HeldBody(request)
            pool.answer(&response) { pending in
                answer(pending) { () throws(LinkFailure) in try shorten(body.bytes) }
            }
        }
        router.get("/obs/v1/links/:code", role: .read) { [self] request, response in
            let code = request.parameter("code")
            pool.answer(&response) { pending in
                answer(pending) { () throws(LinkFailure) in try address(code) }
            }
        }
    }

    private func shorten(_ body: [UInt8]) throws(LinkFailure) -> String {
        let address = (try? JSONValue.parse(body.span))?["address"]?.text ?? ""  // what is no JSON has no address
        // Two slashes at the start would name another server.
        guard address.hasPrefix("/"), !address.hasPrefix("//"), !address.hasPrefix("/\\"),
            address.utf8.count <= Ledger.linkBytesMax
        else {
            throw .api(APIError(.badData, "address: a path of these pages of at most \(Ledger.linkBytesMax) bytes"))
        }
        do throws(LedgerError) {
            return try ledger.shorten(address)
        } catch {
            throw .ledger(error)
        }
    }

    private func address(_ code: String) throws(LinkFailure) -> String {
        let found: String?
        do throws(LedgerError) {
            found = try ledger.address(ofCode: code)
        } catch {
            throw .ledger(error)
        }
        guard let found else { throw .api(APIError(.notFound, "there is no short address \(code)")) }
        return found
    }

    private func answer(_ pending: PendingResponse, _ body: () throws(LinkFailure) -> String) {
        do throws(LinkFailure) {
            let text = try body()
            APIAnswer.success(pending) { $0.string(text) }
        } catch {
            switch error {
            case .api(let error): APIAnswer.failure(pending, error)
            case .ledger(let error): APIAnswer.failure(pending, APIError(.internalFailure, "\(error)"))
            }
        }
    }
}

private enum LinkFailure: Error {
    case api(APIError)
    case ledger(LedgerError)
}
