import HTTP

extension Response {
    /// Refuses what was sent, with a time to try again where the store takes nothing now.
    mutating func refuse(ingest refusal: RequestRefusal) {
        if refusal.status == .serviceUnavailable { fields.append("Retry-After", "5") }
        refuse(refusal)
    }
}
