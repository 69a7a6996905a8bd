import Encoding
import HTTP

/// Why a client command has no answer, and what to do about it.
struct ServerFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    init(_ error: ClientError, server: String) {
        switch error.reason {
        case .connect, .resolve:
            self.init(
                "\(error)\nIs a collector running there? 'obs collector' starts one; --server or OBS_SERVER names another"
            )
        case .tls:
            self.init("\(error)\nDoes \(server) speak TLS, with a certificate that this machine trusts?")
        case .timeout:
            self.init("\(error)\nAsk for less, such as a shorter range or fewer series")
        case .setup, .tooLarge, .broken, .tooMany, .cancelled:
            self.init("\(error)")
        }
    }

    init(_ question: ServerConnection.Question, _ response: ClientResponse, server: String, hasToken: Bool) {
        let said = Self.reason(response)
        switch response.status {
        case .unauthorized where !hasToken:
            self.init(
                "\(server) wants to know who asks\nPut a token into \(ServerConnection.tokenVariable): 'obs token create NAME' on its machine makes one"
            )
        case .unauthorized:
            self.init("\(server) does not know the token in \(ServerConnection.tokenVariable): \(said)")
        case .forbidden:
            self.init(
                "\(server) refuses this: \(said)\nIt may need a token of a higher role; see 'obs token create --help'")
        case .notFound where response.body.isEmpty || !said.contains(" "):
            self.init("\(server) does not know \(question.path); is it a collector of obs, and as new as this command?")
        default:
            self.init("\(server) answers \(response.status.rawValue) \(response.status.reason): \(said)")
        }
    }

    private static let saidBytesMax = 8 << 10

    /// The `error` of the API's envelope, or the text of the answer.
    private static func reason(_ response: ClientResponse) -> String {
        if let error = (try? JSONValue.parse(response.body.span))?["error"]?.text { return error }  // text is as good
        var text = String(decoding: response.body.prefix(saidBytesMax), as: UTF8.self)[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        return text.isEmpty ? "without a reason" : String(text)
    }
}
