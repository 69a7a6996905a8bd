import Encoding

/// `17:9f86...`: the sequence and the hash in hexadecimal, for people to note elsewhere and give back.
extension AuditPoint: LosslessStringConvertible {
    package init?(_ description: String) {
        let parts = description.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let sequence = Int64(parts[0]), sequence >= 0 else { return nil }
        let digits = Array(parts[1].utf8)
        guard digits.count == 2 * Self.origin.hash.count else { return nil }
        do {
            self.init(sequence: sequence, hash: try Hexadecimal.decode(digits.span))
        } catch {
            return nil
        }
    }

    package var description: String { "\(sequence):\(Hexadecimal.string(hash.span))" }
}
