extension Command {
    static let up = Command(
        "up", "run everything on this machine, to look at it",
        details: """
            It starts a collector, an agent, the eight services of the marketplace with their visitors, and a stand-in for \
            PagerDuty and Slack that shows who would have been told what; all listen on this machine only. The collector \
            scrapes nothing: metrics and lines come from the agent, as agents/marketplace.yaml says, alerts from the files \
            in rules. It keeps its data in the folder of --data and ends with Ctrl-C, or after --for.
            """,
        options: UpOptions(), settings: UpOptions.settings,
        examples: [
            .init(does: "Start, look, and end with Ctrl-C", line: "obs up"),
            .init(does: "See whether it starts here, for a script", line: "obs up --for 30s"),
            .init(
                does: "Kill a service, be paged, repair it, and have the times of it",
                line: "obs up --for 3m --report story.json"),
        ]
    ) { options, invocation in
        let isGood = try Up(options, flags: invocation.flags, invocation.console).run()
        invocation.console.print("stopped")
        return isGood ? .ok : .bad
    }
}
