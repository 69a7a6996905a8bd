import Encoding
import HTTP

extension Command {
    struct NotifyTestOptions: Sendable {
        var server = ServerConnection.Options()
    }

    static let notifyTest = Command(
        "notify test", "send a test to a receiver",
        details: """
            An alert that says that it is a test goes the way of a real one: template, secrets, network. What the other side \
            answered is printed. Exit code 1 says that it was not taken.
            """,
        options: NotifyTestOptions(),
        settings: [ServerConnection.Options.server.within(\.server)],
        operands: Operands(name: "RECEIVER", doc: "its name in the configuration", count: 1...1, candidates: .nothing),
        examples: [.init(does: "Would the night shift be paged?", line: "obs notify test oncall")]
    ) { options, invocation in
        var question = ServerConnection.Question(path: "/obs/v1/notifications/test")
        question.method = .post
        question.parameters = [("receiver", invocation.operands[0])]
        let results = try ServerConnection(options.server, invocation.console).data(question).elements ?? []
        if results.isEmpty { invocation.console.print("the receiver tells nobody") }
        for result in results {
            let seconds = FloatText.fixed(result["seconds"]?.double ?? 0, decimals: 2)
            let answer = result["error"]?.text ?? "taken"
            invocation.console.print("\(result["name"]?.text ?? ""): \(answer) (\(seconds) s)")
        }
        return results.allSatisfy { $0["ok"]?.bool == true } ? .ok : .bad
    }
}
