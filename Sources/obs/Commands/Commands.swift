/// Every command, in the order in which help lists them.
enum Commands {
    static let all: [Command] = [
        .up,
        .collector,
        .query,
        .checkConfig,
        .checkMetrics,
        .tokenCreate,
        .tokenList,
        .tokenRevoke,
        .verify,
        .completion,
        .help,
        .version,
    ]
}
