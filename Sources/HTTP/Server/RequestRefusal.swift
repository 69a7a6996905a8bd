/// Why a request is not served, told to the client with its status. The connection is closed after most of them,
/// because where the next request begins is no longer certain.
package struct RequestRefusal: Error, Equatable, CustomStringConvertible {
    package let status: Status
    package let reason: String

    package init(_ status: Status, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    package var description: String { "\(status.rawValue) \(status.reason): \(reason)" }
}
