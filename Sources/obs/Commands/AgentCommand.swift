extension Command {
    static let agent = Command(
        "agent", "measure this host and its services",
        details: """
            The agent serves what it measures at /metrics, under the names of node_exporter, for obs or any Prometheus to \
            scrape. A collector that fails or hangs holds neither the page nor the others: \
            node_scrape_collector_success tells of it. With a collector in its configuration it also sends what it measures \
            and the lines of logs that it reads, through a spool on disk: nothing is lost or doubled while the collector \
            is away. An agent that is killed goes on where it was, in every file of which it had shipped lines.
            """,
        options: AgentOptions(), settings: AgentOptions.settings,
        examples: [
            .init(does: "Measure this machine for those who ask on it", line: "obs agent"),
            .init(does: "As a profile of the agents folder says", line: "obs agent --config agents/host.yaml"),
            .init(
                does: "Measure the host from within a container",
                line: "obs agent --path.procfs /host/proc --path.sysfs /host/sys --path.rootfs /host"),
        ]
    ) { options, _ in
        let lifecycle = try Lifecycle()
        try HostAgent(options, lifecycle).run()
        return .ok
    }
}
