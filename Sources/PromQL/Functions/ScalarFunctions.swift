enum ScalarFunctions {
    static let all: [FunctionDefinition] = [
        FunctionDefinition(
            "time", [], returns: .scalar, dependsOnTime: true,
            .scalar { _, grid in (0..<grid.count).map { Double(grid.timeMs($0)) / 1000 } }),
        FunctionDefinition(
            "pi", [], returns: .scalar,
            .scalar { _, grid in [Double](repeating: .pi, count: grid.count) }),
        FunctionDefinition(
            "max_of", [.scalar, .scalar], returns: .scalar, isExperimental: true,
            .scalar { columns, _ in zip(columns[0], columns[1]).map(MathFunctions.larger) }),
        FunctionDefinition(
            "min_of", [.scalar, .scalar], returns: .scalar, isExperimental: true,
            .scalar { columns, _ in zip(columns[0], columns[1]).map(MathFunctions.smaller) }),
        FunctionDefinition("scalar", [.vector], returns: .scalar, .scalarOfVector),
        FunctionDefinition("vector", [.scalar], .vectorOfScalar),
    ]
}

/// What a query asks for.
enum QueryFunctions {
    static let all: [FunctionDefinition] = [
        define("start") { Double($0.startMs) / 1000 },
        define("end") { Double($0.endMs) / 1000 },
        define("range") { Double($0.rangeMs) / 1000 },
        define("step") { $0.rangeMs == 0 ? 0 : Double($0.stepMs) / 1000 },
    ]

    private static func define(
        _ name: String, _ value: @escaping @Sendable (QueryTimes) -> Double
    ) -> FunctionDefinition {
        FunctionDefinition(
            name, [], returns: .scalar, isExperimental: true, dependsOnTime: true, .query(value))
    }
}
