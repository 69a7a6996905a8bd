import Encoding
package import HTTP
package import Ledger

/// `/obs/v1/session`: who is logged in, and how a browser logs in and out. To log in is to ask with a password or a token
/// for two cookies; the gate has judged these before the handler is called, as for any request.
package struct SessionAPI: Sendable {
    private let authenticator: Authenticator
    private let ledger: Ledger
    private let pool: HandlerPool
    private let isRequired: @Sendable () -> Bool

    /// - Parameter isRequired: whether the configuration in force wants to know who asks.
    package init(
        _ authenticator: Authenticator, _ ledger: Ledger, pool: HandlerPool, isRequired: @escaping @Sendable () -> Bool
    ) {
        (self.authenticator, self.ledger, self.pool, self.isRequired) = (authenticator, ledger, pool, isRequired)
    }

    package func add(to router: inout Router) {
        router.get("/obs/v1/session", role: nil) { [self] request, response in
            response.fields.append("Cache-Control", "no-store")
            let visitor = authenticator.visitor(of: request)
            APIAnswer.success(&response) { write(isRequired: isRequired(), visitor, &$0) }
        }
        router.post("/obs/v1/session", role: .read) { [self] request, response in
            guard isRequired() else { return Self.refuse(&response, "nobody needs to log in here") }
            guard let subject = authenticator.subject(of: request) else {
                return Self.refuse(&response, "log in with a name and a password, or with a token")
            }
            let isSecure = request.isSecure
            pool.answer(&response) { pending in begin(subject, isSecure, pending) }
        }
        router.add(.delete, "/obs/v1/session", role: .read) { [self] request, response in
            let (hash, isSecure) = (authenticator.sessionHash(of: request), request.isSecure)
            pool.answer(&response) { pending in end(hash, isSecure, pending) }
        }
    }

    private func write(isRequired: Bool, _ visitor: TokenGrant?, _ json: inout JSONWriter) {
        json.beginObject()
        json.member("isRequired", isRequired)
        if let visitor {
            json.member("name", visitor.name)
            json.member("role", visitor.role.rawValue)
        }
        json.endObject()
    }

    private func begin(_ subject: Session.Subject, _ isSecure: Bool, _ pending: PendingResponse) {
        do throws(LedgerError) {
            Self.answer(pending, cookies: SessionCookies.values(try ledger.createSession(subject), isSecure: isSecure))
        } catch {
            APIAnswer.failure(pending, APIError(.internalFailure, "\(error)"))
        }
    }

    private func end(_ hash: [UInt8]?, _ isSecure: Bool, _ pending: PendingResponse) {
        do throws(LedgerError) {
            if let hash { try ledger.endSession(hash: hash) }
            Self.answer(pending, cookies: SessionCookies.values(nil, isSecure: isSecure))
        } catch {
            APIAnswer.failure(pending, APIError(.internalFailure, "\(error)"))
        }
    }

    private static func answer(_ pending: PendingResponse, cookies: [String]) {
        var fields = ResponseFields()
        for cookie in cookies { fields.append("Set-Cookie", cookie) }
        fields.append("Cache-Control", "no-store")
        let body = Array(#"{"status":"success"}"#.utf8)
        pending.send(.ok, body.span, contentType: ContentType.json, fields)
    }

    private static func refuse(_ response: inout Response, _ reason: String) {
        APIAnswer.failure(&response, APIError(.badData, reason))
    }
}
