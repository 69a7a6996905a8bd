import Ingest
import Model
import Posix
import Storage

/// Walks selected series in pieces of text, a block of samples at a time.
struct SeriesExport: ~Copyable {
    /// A block is read for about this many samples, or for one series where it alone has more.
    private static let samplesMax = 400_000
    private static let seriesMax = 2_000
    /// Text is handed out when there is so much of it.
    private static let bytesMin = 128 << 10

    private let selections: [any SeriesSelection]
    private let selectors: [[Matcher]]
    private let form: TransferForm
    /// The selection at hand, the next series of it, and those that its blocks hold.
    private var current = 0
    private var nextSeries = 0
    private var labels = LabelBlock()
    private var block = SeriesBlock()
    private var place = 0
    private var json = JSONLineWriter()
    private var text = TextLineWriter()

    /// Everything is selected here, so that the export is of one instant.
    init(_ store: any MetricStore, _ requests: [SelectRequest], _ form: TransferForm) throws(APIError) {
        self.form = form
        selectors = requests.map(\.matchers)
        var selections: [any SeriesSelection] = []
        for request in requests {
            do throws(StorageError) {
                selections.append(try store.select(request))
            } catch {
                throw APIError(error)
            }
        }
        self.selections = selections
    }

    /// The next lines; nil at the end.
    mutating func next() throws(StorageError) -> [UInt8]? {
        json.bytes.removeAll(keepingCapacity: true)
        text.bytes.removeAll(keepingCapacity: true)
        while json.bytes.count + text.bytes.count < Self.bytesMin {
            if place == labels.count, try !readBlock() { break }
            appendSeries()
        }
        let bytes = form == .jsonLines ? json.bytes : text.bytes
        return bytes.isEmpty ? nil : bytes
    }

    private mutating func appendSeries() {
        defer { place += 1 }
        let (labels, block) = (labels, block)
        let own = labels.bytes.span.extracting(labels.offsets[place]..<labels.offsets[place + 1])
        if isExported(own) { return }
        switch form {
        case .jsonLines: json.append(own, block, place)
        case .text: text.append(own, block, place)
        }
    }

    /// Whether an earlier selector has brought the series already.
    private func isExported(_ labels: Span<UInt8>) -> Bool {
        for matchers in selectors[..<current] {
            var isSelected = true
            for matcher in matchers where isSelected { isSelected = Self.holds(matcher, labels) }
            if isSelected { return true }
        }
        return false
    }

    private static func holds(_ matcher: Matcher, _ labels: Span<UInt8>) -> Bool {
        let name = Array(matcher.name.utf8)
        guard let value = LabelCursor.valueRange(of: name.span, in: labels) else { return matcher.matchesEmpty }
        return matcher.matches(labels.extracting(value))
    }

    /// False at the end.
    private mutating func readBlock() throws(StorageError) -> Bool {
        while current < selections.count, nextSeries == selections[current].count {
            current += 1
            nextSeries = 0
        }
        guard current < selections.count else { return false }
        let selection = selections[current]
        let perSeries = max(1, selection.samplesEstimate / max(1, selection.count))
        let count = min(max(1, Self.samplesMax / perSeries), Self.seriesMax, selection.count - nextSeries)
        try selection.labels(nextSeries..<nextSeries + count, into: &labels)
        try selection.read(nextSeries..<nextSeries + count, into: &block)
        json.beginBlock()
        nextSeries += count
        place = 0
        return true
    }
}
