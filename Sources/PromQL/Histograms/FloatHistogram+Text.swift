import Encoding

/// As Prometheus prints it, which is what `count_values` makes labels of.
extension FloatHistogram: CustomStringConvertible {
    package var description: String {
        var parts = ["count:\(FloatText.general(count))", "sum:\(FloatText.general(sum))"]
        for place in negative.indices.indices.reversed() where negative.counts[place] != 0 {
            parts.append(negativeBucket(place).description)
        }
        if zeroCount != 0 { parts.append(zeroBucket.description) }
        for place in positive.indices.indices where positive.counts[place] != 0 {
            parts.append(positiveBucket(place).description)
        }
        return "{\(parts.joined(separator: ", "))}"
    }
}

extension FloatHistogram.Bucket: CustomStringConvertible {
    package var description: String {
        let open = lowerIsInclusive ? "[" : "("
        let close = upperIsInclusive ? "]" : ")"
        return "\(open)\(FloatText.general(lower)),\(FloatText.general(upper))\(close):\(FloatText.general(count))"
    }
}
