/// Numbers as the exposition formats write them, which is Go's shortest form that reads back exactly.
enum NumberText {
    static func value(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        let text = value.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// The value of an `le` label, which OpenMetrics wants with a point or an exponent, and Prometheus 3 writes so in
    /// both formats.
    static func bound(_ bound: Double) -> String {
        bound.isInfinite ? "+Inf" : bound.description
    }
}
