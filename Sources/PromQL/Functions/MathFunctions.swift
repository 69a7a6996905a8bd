import Glibc

enum MathFunctions {
    static let all: [FunctionDefinition] = [
        map("abs") { row, _ in MapArguments.each(&row) { value, _ in value.magnitude } },
        map("ceil") { row, _ in MapArguments.each(&row) { value, _ in value.rounded(.up) } },
        map("floor") { row, _ in MapArguments.each(&row) { value, _ in value.rounded(.down) } },
        map("exp") { row, _ in MapArguments.each(&row) { value, _ in exp(value) } },
        map("sqrt") { row, _ in MapArguments.each(&row) { value, _ in value.squareRoot() } },
        map("ln") { row, _ in MapArguments.each(&row) { value, _ in log(value) } },
        map("log2") { row, _ in MapArguments.each(&row) { value, _ in log2(value) } },
        map("log10") { row, _ in MapArguments.each(&row) { value, _ in log10(value) } },
        map("sin") { row, _ in MapArguments.each(&row) { value, _ in sin(value) } },
        map("cos") { row, _ in MapArguments.each(&row) { value, _ in cos(value) } },
        map("tan") { row, _ in MapArguments.each(&row) { value, _ in tan(value) } },
        map("asin") { row, _ in MapArguments.each(&row) { value, _ in asin(value) } },
        map("acos") { row, _ in MapArguments.each(&row) { value, _ in acos(value) } },
        map("atan") { row, _ in MapArguments.each(&row) { value, _ in atan(value) } },
        map("sinh") { row, _ in MapArguments.each(&row) { value, _ in sinh(value) } },
        map("cosh") { row, _ in MapArguments.each(&row) { value, _ in cosh(value) } },
        map("tanh") { row, _ in MapArguments.each(&row) { value, _ in tanh(value) } },
        map("asinh") { row, _ in MapArguments.each(&row) { value, _ in asinh(value) } },
        map("acosh") { row, _ in MapArguments.each(&row) { value, _ in acosh(value) } },
        map("atanh") { row, _ in MapArguments.each(&row) { value, _ in atanh(value) } },
        map("rad") { row, _ in MapArguments.each(&row) { value, _ in value * .pi / 180 } },
        map("deg") { row, _ in MapArguments.each(&row) { value, _ in value * 180 / .pi } },
        map("sgn") { row, _ in
            MapArguments.each(&row) { value, _ in value < 0 ? -1 : value > 0 ? 1 : value }
        },
        FunctionDefinition("round", [.vector, .scalar], variadic: 1, .map(round)),
        FunctionDefinition("clamp", [.vector, .scalar, .scalar], .map(clamp)),
        FunctionDefinition(
            "clamp_max", [.vector, .scalar],
            .map { row, arguments in
                let limits = arguments.scalars[0]
                MapArguments.each(&row) { value, step in smaller(limits[step], value) }
            }),
        FunctionDefinition(
            "clamp_min", [.vector, .scalar],
            .map { row, arguments in
                let limits = arguments.scalars[0]
                MapArguments.each(&row) { value, step in larger(limits[step], value) }
            }),
    ]

    private static func map(
        _ name: String, _ change: @escaping @Sendable (inout [Double], MapArguments) -> Void
    ) -> FunctionDefinition {
        FunctionDefinition(name, [.vector], .map(change))
    }

    /// Ties go up. Dividing by the inverse is what Prometheus does: it errs less on decimal fractions.
    @Sendable
    private static func round(_ row: inout [Double], _ arguments: MapArguments) {
        let nearest = arguments.scalars.first
        MapArguments.each(&row) { value, step in
            let inverse = 1 / (nearest?[step] ?? 1)
            return (value * inverse + 0.5).rounded(.down) / inverse
        }
    }

    /// No result where the bounds are the wrong way round.
    @Sendable
    private static func clamp(_ row: inout [Double], _ arguments: MapArguments) {
        let low = arguments.scalars[0]
        let high = arguments.scalars[1]
        MapArguments.each(&row) { value, step in
            high[step] < low[step] ? Absent.value : larger(low[step], smaller(high[step], value))
        }
    }

    /// NaN where either is NaN; minus zero is the smaller zero.
    static func smaller(_ a: Double, _ b: Double) -> Double {
        if a.isNaN || b.isNaN { return a == -.infinity || b == -.infinity ? -.infinity : .nan }
        if a == 0, b == 0 { return a.sign == .minus ? a : b }
        return a < b ? a : b
    }

    static func larger(_ a: Double, _ b: Double) -> Double {
        if a.isNaN || b.isNaN { return a == .infinity || b == .infinity ? .infinity : .nan }
        if a == 0, b == 0 { return a.sign == .minus ? b : a }
        return a > b ? a : b
    }
}
