import Encoding
import HTTP
import Model
import Posix
import Text

/// Asks the server one expression, once or again and again, and shows what it says.
struct QueryAsker {
    private let options: Command.QueryOptions
    private let expression: String
    private let language: QueryLanguage
    private let unit: ValueUnit
    private let console: Console
    private let connection: ServerConnection
    private let time: any TimeSource

    /// - Throws: where flags contradict each other, before anything is asked.
    init(
        _ options: Command.QueryOptions, _ expression: String, _ console: Console, time: any TimeSource = SystemTime()
    ) throws(UsageError) {
        _ = try options.times.resolved(nowMs: time.wallMs)
        if expression.isEmpty { throw UsageError("the expression is empty") }
        if options.isCheck, options.watchNs != nil { throw UsageError("--check answers once and --watch never ends") }
        self.options = options
        self.expression = expression
        language = options.language ?? QueryLanguage(of: expression)
        unit = options.unit ?? UnitGuess.unit(of: expression)
        self.console = console
        connection = ServerConnection(options.connection, console)
        self.time = time
    }

    func ask() throws -> ExitCode {
        let times = try options.times.resolved(nowMs: time.wallMs)
        let response = try response(times)
        let answer: QueryAnswer
        do throws(QueryAnswerError) {
            answer = try QueryAnswer(response.body.span)
        } catch {
            throw ServerFailure("\(connection.url) answers with something that cannot be shown: \(error)")
        }
        console.print(shown(answer, response.body, times))
        for sentence in answer.warnings + answer.infos { console.complain(DisplayWidth.printable(sentence)) }
        return options.isCheck && !answer.value.isEmpty ? .bad : .ok
    }

    /// For `--watch`: a failure is shown and the next answer awaited. A terminal is written over from the top.
    func askAgain() {
        let screen = ScreenBuffer(console)
        let asker = QueryAsker(copying: self, screen.console)
        do {
            _ = try asker.ask()
        } catch {
            screen.console.print("obs query: \(error)")
        }
        let now = CivilTime(ms: time.wallMs).rfc3339.prefix(19)
        screen.show("every \(Durations.text(ofMs: (options.watchNs ?? 0) / 1_000_000))  \(now)Z")
    }

    private init(copying other: QueryAsker, _ console: Console) {
        (options, expression, language, unit) = (other.options, other.expression, other.language, other.unit)
        (connection, time) = (other.connection, other.time)
        self.console = console
    }

    private func response(_ times: QueryTimes.Resolved) throws -> ClientResponse {
        let question = question(times)
        let response = try connection.response(to: question)
        if response.status.rawValue / 100 == 2 { return response }
        if let failure = QueryFailure(response, expression: expression, columns: console.style.columns) {
            throw failure
        }
        if language == .logql, response.status == .notFound {
            throw ServerFailure(
                "\(connection.url) answers no LogQL, which this expression is; --lang promql asks its metrics")
        }
        throw connection.failure(of: response, to: question)
    }

    /// Loki counts nanoseconds, Prometheus seconds.
    private func question(_ times: QueryTimes.Resolved) -> ServerConnection.Question {
        func moment(_ ms: Int64) -> String { language == .logql ? "\(ms)000000" : Self.seconds(ms) }
        var question = ServerConnection.Question(method: .post, path: language.pathPrefix)
        question.parameters = [("query", expression)]
        switch times {
        case .instant(let ms):
            question.path += "/query"
            question.parameters.append(("time", moment(ms)))
        case .range(let fromMs, let toMs, let stepMs):
            question.path += "/query_range"
            question.parameters += [("start", moment(fromMs)), ("end", moment(toMs)), ("step", Self.seconds(stepMs))]
        }
        return question
    }

    private static func seconds(_ ms: Int64) -> String { FloatText.plain(Double(ms) / 1000) }

    private func shown(_ answer: QueryAnswer, _ body: [UInt8], _ times: QueryTimes.Resolved) -> String {
        switch options.output ?? (options.times.isRange && console.style.isTerminal ? .graph : .table) {
        case .json:
            let text = String(decoding: body, as: UTF8.self)
            return verbatim(text.hasSuffix("\n") ? String(text.dropLast()) : text)
        case .csv: return verbatim(CSVView.text(answer))
        case .table: return table(answer, times)
        case .graph: return graph(answer, times)
        }
    }

    /// Text for another program; on a terminal without what would command it.
    private func verbatim(_ text: String) -> String {
        guard console.style.isTerminal else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { DisplayWidth.printable(String($0)) }
            .joined(separator: "\n")
    }

    private func table(_ answer: QueryAnswer, _ times: QueryTimes.Resolved) -> String {
        let view = TableView(console: console, unit: unit)
        if case .range(let from, let to, let step) = times, case .matrix(let series) = answer.value {
            return view.ranges(series, GraphView.Times(fromMs: from, toMs: to, stepMs: step))
        }
        return view.text(answer)
    }

    private func graph(_ answer: QueryAnswer, _ times: QueryTimes.Resolved) -> String {
        switch answer.value {
        case .scalar, .string: return table(answer, times)
        case .vector(let series): return BarView(console: console, unit: unit).text(series)
        case .matrix(let series) where series.isEmpty: return table(answer, times)
        case .matrix(let series):
            let view = GraphView(console: console, unit: unit, times: Self.graphTimes(series, times))
            return view.text(series, title: expression)
        }
    }

    /// Of the samples themselves where an instant was asked for.
    private static func graphTimes(_ series: [QueryAnswer.Series], _ times: QueryTimes.Resolved) -> GraphView.Times {
        if case .range(let from, let to, let step) = times {
            return GraphView.Times(fromMs: from, toMs: to, stepMs: step)
        }
        let all = series.flatMap { $0.timesMs + $0.histograms.map(\.timeMs) }
        return GraphView.Times(fromMs: all.min() ?? 0, toMs: all.max() ?? 0, stepMs: 0)
    }
}

/// What a command writes, kept until it is shown at once.
private final class ScreenBuffer: Sendable {
    private let target: Console
    private let text = Lock("")

    init(_ target: Console) { self.target = target }

    var console: Console {
        Console(
            style: target.style, environment: target.environment, output: { [self] in add($0) },
            complaints: { [self] in add($0) })
    }

    private func add(_ more: String) { text.withLock { $0 += more } }

    /// Home first and what is left of the screen last, so that nothing flickers.
    func show(_ heading: String) {
        let body = text.withLock { $0 }
        guard target.style.isTerminal else { return target.print("\(heading)\n\(body)") }
        let lines = "\(target.faint(heading))\n\(body)".split(separator: "\n", omittingEmptySubsequences: false)
        target.print("\u{1b}[H" + lines.joined(separator: "\u{1b}[K\n") + "\u{1b}[J")
    }
}
