import Encoding
import HTTP
import LogQL
import Posix

/// Asks a server for lines.
struct LogsAsker {
    private let options: Command.LogsOptions
    private let query: String
    private let selector: LogSelector
    private let console: Console
    private let connection: ServerConnection
    private let time: any TimeSource

    /// Columns of the histogram, and the fewest that it is drawn with.
    private static let histogramColumnsMax = 100
    /// Hits whose surroundings are asked for.
    private static let contextHitsMax = 100

    init(
        _ options: Command.LogsOptions, _ query: String, _ console: Console, time: any TimeSource = SystemTime()
    ) throws {
        (self.options, self.query, self.console, self.time) = (options, query, console, time)
        let parsed: LogQuery
        do throws(LogQLError) {
            parsed = try LogQuery(parsing: query)
        } catch {
            throw ServerFailure(error.withCaret)
        }
        guard case .lines(let selector) = parsed else {
            throw UsageError("the query gives numbers, not lines: ask it with 'obs query'")
        }
        self.selector = selector
        connection = ServerConnection(options.connection, console)
    }

    private struct Range {
        var startNs: Int64
        var endNs: Int64
    }

    private func range() throws(UsageError) -> Range {
        let nowMs = time.wallMs
        let end = (options.to ?? .beforeNow(ms: 0)).ms(nowMs: nowMs)
        let start = options.from?.ms(nowMs: nowMs) ?? end - options.sinceMs
        if start >= end { throw UsageError("the range ends before it begins") }
        // What comes in this very millisecond belongs to now.
        return Range(startNs: start * 1_000_000, endNs: options.to == nil ? time.wallNs + 1 : end * 1_000_000)
    }

    func ask() throws -> ExitCode {
        let range = try range()
        let answer = try answer(query, range.startNs, range.endNs, limit: options.limit, isForward: options.isForward)
        if console.style.isTerminal, options.form == .lines { try showHistogram(range) }
        let entries = try withContext(answer.entries)
        let view = LogView(console, options.form, common: entries)
        if let heading = view.heading { console.print(heading) }
        if !entries.isEmpty { console.print(view.text(options.isForward ? entries : entries.reversed())) }
        if options.showsStatistics { showStatistics(answer) }
        return .ok
    }

    private func answer(
        _ query: String, _ startNs: Int64, _ endNs: Int64, limit: Int, isForward: Bool
    ) throws -> LogAnswer {
        var question = ServerConnection.Question(path: "/loki/api/v1/query_range")
        question.fields = [("X-Loki-Response-Encoding-Flags", "categorize-labels")]
        question.parameters = [
            ("query", query), ("start", "\(startNs)"), ("end", "\(endNs)"), ("limit", "\(limit)"),
            ("direction", isForward ? "forward" : "backward"),
        ]
        return try LogAnswer(connection.data(question), isForward: isForward)
    }

    // MARK: around the entries

    /// The entries with those of their streams around them, each once.
    private func withContext(_ hits: [ShownEntry]) throws -> [ShownEntry] {
        guard options.context > 0 else { return hits }
        var seen = Set(hits)
        var all = hits
        for hit in hits.prefix(Self.contextHitsMax) {
            let stream =
                "{"
                + hit.stream.sorted { $0.key < $1.key }.map { "\($0.key)=\(Quoted.text($0.value))" }
                .joined(separator: ", ") + "}"
            let day: Int64 = 86_400_000_000_000
            let before = try answer(stream, hit.ns - day, hit.ns, limit: options.context, isForward: false)
            let after = try answer(stream, hit.ns + 1, hit.ns + day, limit: options.context, isForward: true)
            for entry in before.entries + after.entries where seen.insert(entry).inserted { all.append(entry) }
        }
        return all.sorted { options.isForward ? $0.ns < $1.ns : $0.ns > $1.ns }
    }

    /// How many entries the query finds over the time, as a row of bars, the last of which may stand for less of it.
    private func showHistogram(_ range: Range) throws {
        let columns = max(1, min(console.style.columns - 12, Self.histogramColumnsMax))
        let wholeNs = range.endNs - range.startNs
        let second: Int64 = 1_000_000_000
        let stepNs = (wholeNs - 1) / (Int64(columns) * second) * second + second
        let restNs = wholeNs % stepNs
        var counts: [Double?] = []
        if restNs < wholeNs { counts = try hits(range.startNs, range.endNs - restNs, stepNs) }
        if restNs > 0 { counts += try hits(range.endNs - restNs, range.endNs, restNs) }
        let total = counts.reduce(0) { $0 + ($1 ?? 0) }
        console.print("\(Sparkline.text(counts, columns: columns)) \(Int(total)) hits")
    }

    /// How many entries come in each step of a range, which it divides.
    private func hits(_ startNs: Int64, _ endNs: Int64, _ stepNs: Int64) throws -> [Double?] {
        var question = ServerConnection.Question(path: "/loki/api/v1/query_range")
        // A step ends before the next begins.
        let first = startNs + stepNs - 1
        question.parameters = [
            ("query", "sum(count_over_time(\(QueryText.text(.lines(selector))) [\(stepNs)ns]))"),
            ("start", "\(first)"), ("end", "\(endNs)"), ("step", "\(max(1, stepNs / 1_000_000_000))"),
        ]
        let data = try connection.data(question)
        var counts = [Double?](repeating: 0, count: Int((endNs - startNs) / stepNs))
        for point in data["result"]?.elements?.first?["values"]?.elements ?? [] {
            guard let at = point.elements?[0].double, let count = point.elements?[1].text.flatMap({ Double($0) }) else {
                continue
            }
            let index = Int(((at * 1e9 - Double(first)) / Double(stepNs)).rounded())
            if counts.indices.contains(index) { counts[index] = count }
        }
        return counts
    }

    private func showStatistics(_ answer: LogAnswer) {
        for member in answer.statistics?["summary"]?.members ?? [] {
            guard case .number(let digits) = member.value else { continue }
            console.complain("\(member.name): \(digits)")
        }
    }

    // MARK: follow

    /// Shows entries as they come, until the command is ended. A server that is away is asked again.
    func follow(wait: (_ ns: Int64) -> Void) throws -> Never {
        var follower = LogFollower(fromNs: try range().startNs)
        let view = LogView(console, options.form == .table ? .lines : options.form, common: [])
        var isAway = false
        while true {
            do {
                let new = try follower.sweep(untilNs: time.wallNs + 1) { start, end, limit in
                    try answer(query, start, end, limit: limit, isForward: true).entries
                }
                if isAway { console.complain("obs logs: \(connection.url) answers again") }
                isAway = false
                for entry in new { console.print(view.text(entry)) }
            } catch {
                if !isAway { console.complain("obs logs: \(error)\nasking again until it answers") }
                isAway = true
            }
            wait(LogFollower.restNs)
        }
    }
}

/// Which entries are new since the last look. Looks overlap, because entries come late; what was told is remembered as
/// long as it may be seen again.
struct LogFollower {
    static let restNs: Int64 = 250_000_000
    /// How late an entry may come and still be told.
    private static let overlapNs: Int64 = 5_000_000_000
    static let pageEntries = 5000

    private var fromNs: Int64
    private var told: [ShownEntry: Int] = [:]

    init(fromNs: Int64) { self.fromNs = fromNs }

    /// Asks for everything up to an instant, page by page, and returns what was not told before, oldest first.
    mutating func sweep(
        untilNs: Int64, _ ask: (_ startNs: Int64, _ endNs: Int64, _ limit: Int) throws -> [ShownEntry]
    ) throws -> [ShownEntry] {
        var found: [ShownEntry: Int] = [:]
        var new: [ShownEntry] = []
        var start = fromNs
        while start < untilNs {
            var page = try ask(start, untilNs, Self.pageEntries)
            let isLast = page.count < Self.pageEntries
            if let last = page.last?.ns, !isLast {
                // Entries of the last instant may go on in the next page, which begins with it.
                if page.first?.ns == last { start = last + 1 } else { start = last }
                if page.first?.ns != last { page.removeAll { $0.ns == last } }
            }
            for entry in page {
                found[entry, default: 0] += 1
                if found[entry, default: 0] > told[entry, default: 0] { new.append(entry) }
            }
            if isLast { break }
        }
        fromNs = max(fromNs, untilNs - Self.overlapNs)
        told = found.filter { $0.key.ns >= fromNs }
        return new
    }
}
