/// Why a whole page is refused, in Prometheus' words where it has some.
struct PageRefusal: Error {
    let reason: String
    /// More bytes than the target's limit.
    let isTooLarge: Bool

    init(_ reason: String, isTooLarge: Bool = false) {
        self.reason = reason
        self.isTooLarge = isTooLarge
    }
}
