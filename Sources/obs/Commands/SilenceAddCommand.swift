import Alerting
import Encoding
import Glibc
import HTTP
import Model
import Posix

extension Command {
    struct SilenceAddOptions: Sendable {
        var server = ServerConnection.Options()
        var lengthMs: Int64 = 3_600_000
        var comment = ""
        var author = ""
        var isForced = false
    }

    static let silenceAdd = Command(
        "silence add", "keep alerts silent for a while",
        details: """
            Before the silence is made it is held against the last seven days. One that would have muted more than half of \
            all that fired is refused unless --force says that it is meant. The id of the silence is printed.
            """,
        options: SilenceAddOptions(),
        settings: [
            .value("for", "DURATION", short: "d", "how long, such as 30m or 2d", fallback: "1h") {
                (options, text) throws(UsageError) in
                do throws(DurationError) {
                    options.lengthMs = try Durations.milliseconds(of: text)
                } catch {
                    throw UsageError("\(error)")
                }
            },
            .value("comment", "TEXT", short: "c", "why") { $0.comment = $1 },
            .value("author", "NAME", short: "a", "who; the user by default") { $0.author = $1 },
            .on("force", "however much it mutes") { $0.isForced = true },
            ServerConnection.Options.server.within(\.server),
        ],
        operands: Operands(
            name: "MATCHER", doc: "what the labels have to match, such as alertname=DiskFull", count: 1...Int.max,
            candidates: .nothing),
        examples: [
            .init(
                does: "A disk is being replaced",
                line: "obs silence add --for 2h -c 'new disk' instance=db1 alertname=~Disk.*")
        ]
    ) { options, invocation in
        let matchers = try SilenceArguments.matchers(invocation.operands)
        let connection = ServerConnection(options.server, invocation.console)
        if !options.isForced {
            let preview = try connection.preview(invocation.operands)
            if preview["tooBroad"]?.bool == true {
                invocation.console.print(
                    "this would have muted \(preview["muted"]?.elements?.count ?? 0) of "
                        + "\(preview["alerts"]?.int ?? 0) alerts of the last 7 days: look at them with "
                        + "'obs silence preview', and add --force if it is meant")
                return .bad
            }
        }
        let nowMs = SystemTime().wallMs
        var question = ServerConnection.Question(path: "/api/v2/silences")
        question.method = .post
        question.contentType = "application/json"
        question.body = SilenceArguments.body(
            matchers, fromMs: nowMs, toMs: nowMs + options.lengthMs, by: options.author, comment: options.comment)
        let answer = try connection.answer(to: question)
        let id = (try? JSONValue.parse(answer.body.span))?["silenceID"]?.text  // an answer without one prints nothing
        invocation.console.print(id ?? "")
        return .ok
    }
}

/// What the commands about silences have in common.
enum SilenceArguments {
    static func matchers(_ operands: [String]) throws(UsageError) -> [Matcher] {
        var matchers: [Matcher] = []
        for operand in operands {
            do throws(MatcherText.Failure) {
                matchers += try MatcherText.matchers(operand)
            } catch {
                throw UsageError("'\(operand)' is no condition such as severity=page: \(error)")
            }
        }
        return matchers
    }

    static func body(_ matchers: [Matcher], fromMs: Int64, toMs: Int64, by author: String, comment: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("matchers")
        writer.beginArray()
        for matcher in matchers {
            writer.beginObject()
            writer.member("name", matcher.name)
            writer.member("value", matcher.value)
            writer.name("isRegex")
            writer.bool(matcher.pattern != nil)
            writer.name("isEqual")
            writer.bool(!matcher.isNegative)
            writer.endObject()
        }
        writer.endArray()
        writer.member("startsAt", CivilTime(ms: fromMs).rfc3339)
        writer.member("endsAt", CivilTime(ms: toMs).rfc3339)
        writer.member("createdBy", author.isEmpty ? user : author)
        writer.member("comment", comment)
        writer.endObject()
        return writer.bytes
    }

    /// Who is logged in.
    static var user: String {
        guard let name = unsafe getenv("USER") else { return "somebody" }
        return unsafe String(cString: name)
    }
}

extension ServerConnection {
    /// What a silence would have muted in the last seven days.
    func preview(_ matchers: [String]) throws(ServerFailure) -> JSONValue {
        var question = Question(path: "/obs/v1/silences/preview")
        question.parameters = matchers.map { ("filter", $0) }
        return try data(question)
    }
}
