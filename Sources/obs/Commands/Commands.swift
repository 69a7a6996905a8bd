/// Every command, in the order in which help lists them.
enum Commands {
    static let all: [Command] = [
        .up,
        .collector,
        .query,
        .status,
        .cardinality,
        .export,
        .import,
        .backup,
        .restore,
        .verify,
        .checkConfig,
        .checkMetrics,
        .checkRules,
        .testRules,
        .targets,
        .checkAlertmanager,
        .testRoute,
        .tokenCreate,
        .tokenList,
        .tokenRevoke,
        .benchMetrics,
        .completion,
        .help,
        .version,
    ]
}
