import Model

/// Equality of Doubles up to rounding.
package enum Nearness {
    private static let smallestNormal = Double.leastNormalMagnitude

    /// Relative to the sum of both magnitudes. All NaN are equal, except for stale markers, which equal only each other.
    package static func areEqual(_ a: Double, _ b: Double, tolerance: Double) -> Bool {
        if StaleMarker.isStale(a) || StaleMarker.isStale(b) {
            return StaleMarker.isStale(a) && StaleMarker.isStale(b)
        }
        if a.isNaN, b.isNaN { return true }
        if a == b { return true }
        let sum = a.magnitude + b.magnitude
        let difference = (a - b).magnitude
        if a == 0 || b == 0 || sum < smallestNormal { return difference < tolerance * smallestNormal }
        return difference / min(sum, .greatestFiniteMagnitude) < tolerance
    }
}
