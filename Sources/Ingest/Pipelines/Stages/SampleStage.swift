package import Encoding

/// `sample`: keeps a share of the entries, always the same ones: which are kept is decided by their bytes, so that what is
/// sent again is kept again. Of one trace all entries are kept or none, where `field` names its id.
package struct SampleStage: LogStage {
    package static let key = "sample"

    private let keptOf2To32: UInt64
    private let field: String?

    package init(_ section: YAMLSection) {
        let share = section.float("keep") ?? 1
        if !(0...1).contains(share) { section.refuse(at: "keep", "keep is \(share)", "write a share from 0 to 1") }
        if section.value("keep") == nil { section.refuse("sample does not say how much to keep", "write keep: 0.1") }
        keptOf2To32 = UInt64(min(max(share, 0), 1) * 4_294_967_296)
        field = section.string("field")
        section.finish()
    }

    package func run(_ entry: inout StagedEntry) -> Bool {
        var hash = Hash64.of(entry.line.span, seed: UInt64(bitPattern: entry.timestampNs))
        if let field {
            let value = Array(entry.value(field).utf8)
            if !value.isEmpty { hash = Hash64.of(value.span) }
        }
        return hash >> 32 < keptOf2To32
    }
}
