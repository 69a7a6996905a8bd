/// What may be deleted because of its age or for the sake of space. Nothing is, unless the user says so.
package struct Retention: Sendable, Equatable {
    /// Parts whose newest row is older go.
    package var ageMsMax: Int64?
    /// The oldest parts go until all together are not larger.
    package var bytesMax: Int?

    package init(ageMsMax: Int64? = nil, bytesMax: Int? = nil) {
        self.ageMsMax = ageMsMax
        self.bytesMax = bytesMax
    }

    /// The parts that go now, oldest first.
    package func expired(among parts: [PartInfo], nowMs: Int64) -> [PartInfo] {
        let oldestFirst = parts.sorted { ($0.maxTimeMs, $0.number) < ($1.maxTimeMs, $1.number) }
        var excess = bytesMax.map { oldestFirst.reduce(-$0) { $0 + $1.bytes } } ?? 0
        return Array(
            oldestFirst.prefix { part in
                let isOld = ageMsMax.map { part.maxTimeMs < nowMs - $0 } ?? false
                guard isOld || excess > 0 else { return false }
                excess -= part.bytes
                return true
            })
    }
}
