/// The series that a request selected, pinned: what was visible at the selection stays readable until it is released.
///
/// Labels come first and samples later, in blocks, so that a query is estimated before it runs and several threads
/// read disjoint ranges of one selection at once.
package protocol SeriesSelection: AnyObject, Sendable {
    var count: Int { get }
    /// About how many samples `read` will bring for all series together; an upper bound where it is cheap to know.
    var samplesEstimate: Int { get }
    /// Replaces what `block` holds by the labels of these series.
    func labels(_ series: Range<Int>, into block: inout LabelBlock) throws(StorageError)
    /// Replaces what `block` holds by the samples of these series within the request's time range, each series sorted
    /// by time without two samples of one timestamp. Safe to call from several threads, each with its own block.
    func read(_ series: Range<Int>, into block: inout SeriesBlock) throws(StorageError)
}
