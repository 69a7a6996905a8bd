package import Encoding

/// `timestamp`: takes the entry's time from a field: RFC 3339, or a number since 1970 whose size tells its unit.
package struct TimestampStage: LogStage {
    package static let key = "timestamp"

    private let field: String

    package init(_ section: YAMLSection) {
        field = section.string("field") ?? ""
        if field.isEmpty { section.refuse("timestamp names no field") }
        section.finish()
    }

    package func run(_ entry: inout StagedEntry) -> Bool {
        if let ns = LogTime.ns(Array(entry.value(field).utf8)) { entry.timestampNs = ns }
        return true
    }
}
