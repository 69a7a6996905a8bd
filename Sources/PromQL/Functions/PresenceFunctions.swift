/// Functions of whether and when there are samples.
enum PresenceFunctions {
    static let all: [FunctionDefinition] = [
        FunctionDefinition("absent", [.vector], .absent),
        FunctionDefinition("absent_over_time", [.matrix], .absentOverTime),
        FunctionDefinition("timestamp", [.vector], dependsOnTime: true, .timestamp),
        FunctionDefinition("start_timestamp", [.vector], isExperimental: true, .startTimestamp),
    ]
}
