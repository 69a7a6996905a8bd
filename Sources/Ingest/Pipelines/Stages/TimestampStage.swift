package import Encoding
import Model

/// `timestamp`: takes the entry's time from a field: RFC 3339, or a number since 1970 whose size tells its unit. With
/// `format` it is read by a layout in Go's form (`02/Jan/2006:15:04:05 -0700`), in UTC where it tells no zone.
package struct TimestampStage: LogStage {
    package static let key = "timestamp"

    private let field: String
    private let layout: String?

    package init(_ section: YAMLSection) {
        field = section.string("field") ?? ""
        if field.isEmpty { section.refuse("timestamp names no field") }
        layout = section.string("format")
        section.finish()
    }

    package func run(_ entry: inout StagedEntry) -> Bool {
        let text = entry.value(field)
        if let layout {
            let year = CivilTime(ms: entry.timestampNs / 1_000_000).year
            if let ns = GoTime.ns(of: text, layout: layout, year: year) { entry.timestampNs = ns }
        } else if let ns = LogTime.ns(Array(text.utf8)) {
            entry.timestampNs = ns
        }
        return true
    }
}
