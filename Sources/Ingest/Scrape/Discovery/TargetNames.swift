/// Names and addresses as Prometheus makes them of what discoveries find.
enum TargetNames {
    /// A name as part of a label's name: what labels cannot have becomes an underscore.
    static func label(_ name: String) -> String {
        String(
            decoding: name.unicodeScalars.map { scalar -> UInt8 in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "_": UInt8(ascii: scalar)
                default: 0x5f
                }
            }, as: UTF8.self)
    }

    static func address(_ host: String, _ port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Several values in one label, with a separator around each, so that a pattern finds one wherever it stands.
    static func list(_ values: [String], separator: String = ",") -> String {
        separator + values.joined(separator: separator) + separator
    }
}
