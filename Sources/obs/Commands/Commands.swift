/// Every command, in the order in which help lists them.
enum Commands {
    static let all: [Command] = [
        .up,
        .collector,
        .tokenCreate,
        .tokenList,
        .tokenRevoke,
        .verify,
        .checkConfig,
        .completion,
        .help,
        .version,
    ]
}
