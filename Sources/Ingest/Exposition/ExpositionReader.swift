import Encoding
package import Model

/// A cursor over a page of metrics as text, entry by entry, that takes and refuses what Prometheus' parsers do.
///
/// Nothing is copied: an entry is a set of ranges in the page. `ExpositionReader+Labels` writes the labels of one.
package struct ExpositionReader: ~Escapable {
    package enum Item: Sendable {
        case series, help, type, unit, comment
    }

    /// A label on the page: ranges between the quotes, where there are any.
    package struct LabelPlace: Sendable {
        package var name: Range<Int>
        package var value: Range<Int>
    }

    package struct Exemplar: Sendable {
        package var labels: [LabelPlace]
        package var value: Double
        package var timestampMs: Int64?
    }

    let page: Span<UInt8>
    package let isOpenMetrics: Bool
    /// Where the next byte is read.
    package var position = 0
    /// Where the current entry begins.
    package private(set) var start = 0
    /// Name and labels of the current series, as they stand on the page.
    package private(set) var series = 0..<0
    /// The name of the series, or of the family that a comment is about.
    package private(set) var name = 0..<0
    package private(set) var labels: [LabelPlace] = []
    /// Whether the labels end with a comma, which only strict readers mind.
    package private(set) var hasTrailingComma = false
    package private(set) var value = 0.0
    package private(set) var timestampMs: Int64?
    package private(set) var exemplar: Exemplar?
    /// Of the last TYPE; `le` and `quantile` are normalised by it.
    package var kind = MetricMetadata.Kind.unknown
    /// What HELP and UNIT say.
    package private(set) var text = 0..<0
    /// The end of an OpenMetrics page was seen.
    package private(set) var sawEnd = false

    @_lifetime(copy page)
    package init(_ page: Span<UInt8>, isOpenMetrics: Bool) {
        self.page = page
        self.isOpenMetrics = isOpenMetrics
    }

    /// The next entry; nil at the end of the page.
    @_lifetime(self: copy self)
    package mutating func next() throws(ExpositionError) -> Item? {
        isOpenMetrics ? try nextOpenMetrics() : try nextText()
    }

    /// The error with the line of the current entry.
    package func error(_ reason: String) -> ExpositionError {
        var line = 1
        for index in 0..<min(start, page.count) where page[index] == UInt8(ascii: "\n") { line += 1 }
        return ExpositionError(line: line, reason)
    }

    /// The line of the current entry, cut, in quotes.
    var shownLine: String {
        let end = page.offset(of: UInt8(ascii: "\n"), from: start) ?? page.count
        let bytes = page.extracting(start..<min(end, start + Self.shownBytesMax))
        return Quoted.bytes(bytes.indices.map { bytes[$0] })
    }

    private static let shownBytesMax = 100

    func shown(_ range: Range<Int>) -> String {
        let bytes = page.extracting(range.lowerBound..<min(range.upperBound, range.lowerBound + Self.shownBytesMax))
        return Quoted.bytes(bytes.indices.map { bytes[$0] })
    }
}

/// The text format of Prometheus, in which blanks may stand between all tokens.
extension ExpositionReader {
    @_lifetime(self: copy self)
    private mutating func nextText() throws(ExpositionError) -> Item? {
        while true {
            skipBlanks()
            start = position
            guard position < page.count, page[position] != 0 else { return nil }
            switch page[position] {
            case UInt8(ascii: "\n"): position += 1
            case UInt8(ascii: "#"): return try readComment()
            default: return try readTextSeries()
            }
        }
    }

    @_lifetime(self: copy self)
    private mutating func skipBlanks() {
        while position < page.count, page[position] == UInt8(ascii: " ") || page[position] == UInt8(ascii: "\t") {
            position += 1
        }
    }

    @_lifetime(self: copy self)
    private mutating func readComment() throws(ExpositionError) -> Item? {
        let end = page.offset(of: UInt8(ascii: "\n"), from: position) ?? page.count
        position += 1
        let hash = position
        skipBlanks()
        let keyword: Item? =
            if page.has("HELP".utf8.span, at: position) { .help } else if page.has("TYPE".utf8.span, at: position) {
                .type
            } else { nil }
        let word = position
        position = word + 4
        skipBlanks()
        guard let keyword, word > hash, position > word + 4 else {
            position = min(end + 1, page.count)
            return .comment
        }
        try readFamilyName(after: keyword)
        // The byte behind the name goes, whatever it is.
        text = min(position + 1, end)..<end
        position = min(end + 1, page.count)
        return try takeMetadata(keyword)
    }

    @_lifetime(self: copy self)
    private mutating func readFamilyName(after keyword: Item) throws(ExpositionError) {
        guard position < page.count else { throw error("expected metric name after \(keyword)") }
        if page[position] == UInt8(ascii: "\"") {
            name = try quoted()
        } else {
            name = readName(colons: true)
            if name.isEmpty { throw error("expected metric name after \(keyword), got \(shownLine)") }
        }
    }

    @_lifetime(self: copy self)
    private mutating func takeMetadata(_ keyword: Item) throws(ExpositionError) -> Item {
        if keyword == .type {
            guard let kind = kind(named: page.extracting(text)) else {
                throw error("invalid metric type \(shown(text))")
            }
            self.kind = kind
        } else if keyword == .help, !UTF8Check.isValid(page.extracting(text)) {
            throw error("help text \(shown(text)) is not a valid utf8 string")
        }
        return keyword
    }

    private func kind(named word: Span<UInt8>) -> MetricMetadata.Kind? {
        for (text, kind) in isOpenMetrics ? Self.openMetricsKinds : Self.textKinds
        where word.count == text.utf8.count && word.has(text.utf8.span, at: 0) { return kind }
        return nil
    }

    private static let textKinds: [(String, MetricMetadata.Kind)] = [
        ("counter", .counter), ("gauge", .gauge), ("histogram", .histogram), ("summary", .summary),
        ("untyped", .unknown),
    ]
    private static let openMetricsKinds: [(String, MetricMetadata.Kind)] = [
        ("counter", .counter), ("gauge", .gauge), ("histogram", .histogram), ("gaugehistogram", .gaugehistogram),
        ("summary", .summary), ("info", .info), ("stateset", .stateset), ("unknown", .unknown),
    ]

    @_lifetime(self: copy self)
    private mutating func readTextSeries() throws(ExpositionError) -> Item {
        try readTextNameAndLabels()
        try finishTextSeries()
        return .series
    }

    @_lifetime(self: copy self)
    private mutating func readTextNameAndLabels() throws(ExpositionError) {
        try readSeriesName()
        var ahead = position
        while ahead < page.count, page[ahead] == UInt8(ascii: " ") || page[ahead] == UInt8(ascii: "\t") { ahead += 1 }
        if !name.isEmpty, ahead < page.count, page[ahead] == UInt8(ascii: "{") {
            position = ahead
            try readTextLabels()
        } else if name.isEmpty {
            try readTextLabels()
        }
        series = start..<position
    }

    /// Reads a page that is nothing but the name and the labels of one series.
    @_lifetime(self: copy self)
    mutating func readSeriesAlone() throws(ExpositionError) {
        guard !page.isEmpty else { throw error("the series has no name") }
        if isOpenMetrics { try readOpenMetricsNameAndLabels() } else { try readTextNameAndLabels() }
    }

    /// A name before the braces; empty where it stands in them.
    @_lifetime(self: copy self)
    private mutating func readSeriesName() throws(ExpositionError) {
        labels.removeAll(keepingCapacity: true)
        exemplar = nil
        hasTrailingComma = false
        name = readName(colons: true)
        if name.isEmpty, page[position] != UInt8(ascii: "{") {
            throw error("expected a valid start token, got \(shownLine)")
        }
    }

    /// From the opening brace to behind the closing one.
    @_lifetime(self: copy self)
    private mutating func readTextLabels() throws(ExpositionError) {
        position += 1
        skipBlanks()
        while position < page.count, page[position] != UInt8(ascii: "}") {
            let place = try readLabelName()
            skipBlanks()
            if place.isQuoted, position < page.count,
                page[position] == UInt8(ascii: ",") || page[position] == UInt8(ascii: "}")
            {
                try takeName(place.range)
                if page[position] == UInt8(ascii: "}") { break }
                position += 1
                skipBlanks()
                continue
            }
            guard position < page.count, page[position] == UInt8(ascii: "=") else {
                throw error("expected equal in \(shownLine)")
            }
            position += 1
            skipBlanks()
            labels.append(LabelPlace(name: place.range, value: try readLabelValue()))
            skipBlanks()
            if position < page.count, page[position] == UInt8(ascii: ",") {
                position += 1
                skipBlanks()
            }
        }
        guard position < page.count else { throw error("expected label name in \(shownLine)") }
        position += 1
        if name.isEmpty { throw error("metric name not set while parsing: \(shownLine)") }
    }

    /// Value and timestamp, up to the end of the line.
    @_lifetime(self: copy self)
    private mutating func finishTextSeries() throws(ExpositionError) {
        skipBlanks()
        value = try readValue(after: "metric", stopsAtBrace: true)
        timestampMs = nil
        skipBlanks()
        guard position < page.count, page[position] != UInt8(ascii: "\n") else {
            position = min(position + 1, page.count)
            return
        }
        let first = position
        var number: Int64 = 0
        var overflows = false
        while position < page.count, case let digit = page[position] &- 0x30, digit < 10 {
            let (product, a) = number.multipliedReportingOverflow(by: 10)
            let (sum, b) = product.addingReportingOverflow(Int64(digit))
            number = sum
            overflows = overflows || a || b
            position += 1
        }
        if position == first { throw error("expected timestamp or new record in \(shownLine)") }
        if overflows { throw error("the timestamp \(shown(first..<position)) is out of range") }
        timestampMs = number
        skipBlanks()
        guard position >= page.count || page[position] == UInt8(ascii: "\n") else {
            throw error("expected next entry after timestamp in \(shownLine)")
        }
        position = min(position + 1, page.count)
    }

    /// Value and line end of a series whose bytes are known and end at `position`, where nothing but a plain number
    /// follows them. False with `position` as it was where that is not so.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func readPlainValue() -> Bool {
        let before = position
        var at = position
        guard at < page.count, page[at] == UInt8(ascii: " ") else { return false }
        at &+= 1
        guard let (number, end) = FloatReading.decimal(page, from: at), end < page.count,
            page[end] == UInt8(ascii: "\n")
        else {
            position = before
            return false
        }
        value = number
        timestampMs = nil
        exemplar = nil
        position = end &+ 1
        return true
    }
}

/// What both text formats are made of.
extension ExpositionReader {
    /// Letters, digits, underscores and, for metrics, colons; empty where none begins here.
    @_lifetime(self: copy self)
    private mutating func readName(colons: Bool) -> Range<Int> {
        let first = position
        while position < page.count {
            switch page[position] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
                position += 1
            case UInt8(ascii: "0")...UInt8(ascii: "9") where position > first: position += 1
            case UInt8(ascii: ":") where colons: position += 1
            default: return first..<position
            }
        }
        return first..<position
    }

    /// A string in double quotes from here; the range between them.
    @_lifetime(self: copy self)
    private mutating func quoted() throws(ExpositionError) -> Range<Int> {
        let first = position + 1
        position = first
        while position < page.count {
            switch page[position] {
            case UInt8(ascii: "\""):
                position += 1
                let range = first..<position - 1
                guard UTF8Check.isValid(page.extracting(range)) else {
                    throw error("invalid UTF-8 label value: \(shown(range))")
                }
                return range
            case UInt8(ascii: "\\"): position += 2
            case UInt8(ascii: "\n") where isOpenMetrics: throw error("a quoted text does not end on its line")
            default: position += 1
            }
        }
        throw error("a quoted text does not end: \(shownLine)")
    }

    @_lifetime(self: copy self)
    private mutating func readLabelName() throws(ExpositionError) -> (range: Range<Int>, isQuoted: Bool) {
        if page[position] == UInt8(ascii: "\"") { return (try quoted(), true) }
        let range = readName(colons: false)
        if range.isEmpty { throw error("expected label name in \(shownLine)") }
        return (range, false)
    }

    @_lifetime(self: copy self)
    private mutating func readLabelValue() throws(ExpositionError) -> Range<Int> {
        guard position < page.count, page[position] == UInt8(ascii: "\"") else {
            throw error("expected label value in \(shownLine)")
        }
        return try quoted()
    }

    @_lifetime(self: copy self)
    private mutating func takeName(_ range: Range<Int>) throws(ExpositionError) {
        guard name.isEmpty else { throw error("metric name already set while parsing: \(shownLine)") }
        guard !range.isEmpty else { throw error("metric name not set while parsing: \(shownLine)") }
        name = range
    }

    /// The token that begins here as a number.
    @_lifetime(self: copy self)
    private mutating func readValue(after what: String, stopsAtBrace: Bool) throws(ExpositionError) -> Double {
        let first = position
        while position < page.count {
            let byte = page[position]
            if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") { break }
            if stopsAtBrace, byte == UInt8(ascii: "{") || byte == UInt8(ascii: "\t") { break }
            position += 1
        }
        guard position > first else { throw error("expected value after \(what) in \(shownLine)") }
        return try number(first..<position)
    }

    /// Every NaN becomes the usual one, so that no page can write a stale marker.
    private func number(_ range: Range<Int>) throws(ExpositionError) -> Double {
        if let (value, end) = FloatReading.decimal(page, from: range.lowerBound), end == range.upperBound {
            return value
        }
        let token = page.extracting(range)
        for index in token.indices
        where token[index] == UInt8(ascii: "_") || token[index] | 0x20 == UInt8(ascii: "p") {
            throw error("unsupported character in float \(shown(range))")
        }
        guard let value = FloatReading.float(String(decoding: token.indices.map { token[$0] }, as: UTF8.self)) else {
            throw error("\(shown(range)) is no number")
        }
        return value.isNaN ? .nan : value
    }
}

/// OpenMetrics, in which one space stands where one has to and none anywhere else.
extension ExpositionReader {
    @_lifetime(self: copy self)
    private mutating func nextOpenMetrics() throws(ExpositionError) -> Item? {
        start = position
        guard position < page.count else {
            if sawEnd { return nil }
            throw error("data does not end with # EOF")
        }
        if sawEnd { throw error("unexpected data after # EOF") }
        guard page[position] == UInt8(ascii: "#") else { return try readOpenMetricsSeries() }
        guard page.has("# ".utf8.span, at: position) else {
            throw error("expected a valid start token, got \(shownLine)")
        }
        position += 2
        if page.has("EOF".utf8.span, at: position) {
            position += 3
            if position < page.count, page[position] == UInt8(ascii: "\n") { position += 1 }
            sawEnd = true
            return try nextOpenMetrics()
        }
        return try readOpenMetricsComment()
    }

    @_lifetime(self: copy self)
    private mutating func readOpenMetricsComment() throws(ExpositionError) -> Item {
        let keyword: Item
        if page.has("HELP ".utf8.span, at: position) {
            keyword = .help
        } else if page.has("TYPE ".utf8.span, at: position) {
            keyword = .type
        } else if page.has("UNIT ".utf8.span, at: position) {
            keyword = .unit
        } else {
            throw error("expected HELP, TYPE, UNIT or EOF after # in \(shownLine)")
        }
        position += 5
        try readFamilyName(after: keyword)
        guard let end = page.offset(of: UInt8(ascii: "\n"), from: position), end > position,
            page[position] == UInt8(ascii: " ")
        else { throw error("expected text in \(keyword)") }
        text = position + 1..<end
        position = end + 1
        guard keyword == .unit else { return try takeMetadata(keyword) }
        let isSuffix =
            name.count > text.count && page.has(page.extracting(text), at: name.upperBound - text.count)
            && page[name.upperBound - text.count - 1] == UInt8(ascii: "_")
        guard text.isEmpty || isSuffix else {
            throw error("unit \(shown(text)) not a suffix of metric \(shown(name))")
        }
        return .unit
    }

    @_lifetime(self: copy self)
    private mutating func readOpenMetricsNameAndLabels() throws(ExpositionError) {
        try readSeriesName()
        if position < page.count, page[position] == UInt8(ascii: "{") {
            position += 1
            var places: [LabelPlace] = []
            swap(&places, &labels)
            hasTrailingComma = try readOpenMetricsLabels(into: &places, isExemplar: false)
            swap(&places, &labels)
            if name.isEmpty { throw error("metric name not set while parsing: \(shownLine)") }
        }
        series = start..<position
    }

    @_lifetime(self: copy self)
    private mutating func readOpenMetricsSeries() throws(ExpositionError) -> Item {
        try readOpenMetricsNameAndLabels()
        value = try readOpenMetricsNumber(after: "metric")
        timestampMs = nil
        guard position < page.count else { throw error("data does not end with # EOF") }
        if page[position] == UInt8(ascii: " "), !page.has(" # {".utf8.span, at: position) {
            timestampMs = try readTimestamp()
        }
        if page.has(" # {".utf8.span, at: position) { try readExemplar() }
        guard position < page.count, page[position] == UInt8(ascii: "\n") else {
            throw error("expected the end of the line in \(shownLine)")
        }
        position += 1
        return .series
    }

    /// From behind the opening brace to behind the closing one. Returns whether they end with a comma.
    @_lifetime(self: copy self)
    private mutating func readOpenMetricsLabels(
        into places: inout [LabelPlace], isExemplar: Bool
    ) throws(ExpositionError) -> Bool {
        var endsWithComma = false
        while position < page.count, page[position] != UInt8(ascii: "}") {
            let place = try readLabelName()
            let next = position < page.count ? page[position] : 0
            if place.isQuoted, !isExemplar, next == UInt8(ascii: ",") || next == UInt8(ascii: "}") {
                try takeName(place.range)
            } else {
                guard next == UInt8(ascii: "=") else { throw error("expected equal in \(shownLine)") }
                position += 1
                places.append(LabelPlace(name: place.range, value: try readLabelValue()))
            }
            endsWithComma = position < page.count && page[position] == UInt8(ascii: ",")
            if endsWithComma {
                position += 1
            } else if position < page.count, page[position] != UInt8(ascii: "}") {
                throw error("expected comma or brace close in \(shownLine)")
            }
        }
        guard position < page.count else { throw error("expected label name in \(shownLine)") }
        position += 1
        return endsWithComma
    }

    @_lifetime(self: copy self)
    private mutating func readOpenMetricsNumber(after what: String) throws(ExpositionError) -> Double {
        guard position < page.count, page[position] == UInt8(ascii: " ") else {
            throw error("expected value after \(what) in \(shownLine)")
        }
        position += 1
        return try readValue(after: what, stopsAtBrace: false)
    }

    @_lifetime(self: copy self)
    private mutating func readTimestamp() throws(ExpositionError) -> Int64 {
        let seconds = try readOpenMetricsNumber(after: "value")
        guard seconds.isFinite else { throw error("invalid timestamp in \(shownLine)") }
        // Beyond 64 bits it is clamped as x86 does for Go.
        return Int64(exactly: (seconds * 1000).rounded(.towardZero)) ?? .min
    }

    @_lifetime(self: copy self)
    private mutating func readExemplar() throws(ExpositionError) {
        position += 4
        var places: [LabelPlace] = []
        _ = try readOpenMetricsLabels(into: &places, isExemplar: true)
        let value = try readOpenMetricsNumber(after: "exemplar labels")
        var timestampMs: Int64?
        if position < page.count, page[position] == UInt8(ascii: " ") { timestampMs = try readTimestamp() }
        exemplar = Exemplar(labels: places, value: value, timestampMs: timestampMs)
    }
}
