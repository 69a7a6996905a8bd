/// What became of the names of a list of the kernel, which has the same ones in the same order at each scrape: none of
/// them is made a String again.
struct KnownNames {
    private struct Entry {
        let name: [UInt8]
        let family: MetricPage.Family?
    }

    private var entries: [Entry] = []
    private var next = 0

    /// Starts before the first name of the list.
    mutating func rewind() { next = 0 }

    /// The family of the list's next name, which stands in a field of the current line.
    ///
    /// - Parameter declare: makes it of a name that stood elsewhere, or was not there, before; nil where it is not shown.
    mutating func family(
        of text: FieldText, _ field: Int, _ declare: (String) -> MetricPage.Family?
    ) -> MetricPage.Family? {
        defer { next += 1 }
        if next < entries.count, text.isEqual(field, entries[next].name) { return entries[next].family }
        let name = text.string(field)
        entries.removeSubrange(min(next, entries.count)...)
        entries.append(Entry(name: Array(name.utf8), family: declare(name)))
        return entries[next].family
    }
}
