/// A row of bars that shows how values went between their own smallest and largest.
enum Sparkline {
    private static let bars = Array("▁▂▃▄▅▆▇█")

    /// - Parameter values: in even distances over the time; nil where there is none.
    static func text(_ values: [Double?], columns: Int) -> String {
        let means = means(values, columns)
        let known = means.compactMap { $0 }
        guard let lowest = known.min(), let highest = known.max() else {
            return String(repeating: " ", count: means.count)
        }
        // The means of equal values differ by roundings.
        let noise = max(highest.magnitude, lowest.magnitude) * 1e-12
        return String(
            means.map { mean -> Character in
                guard let mean else { return " " }
                guard highest - lowest > noise else { return bars[bars.count / 2 - 1] }
                let share = (mean - lowest) / (highest - lowest)
                return bars[min(Int(share * Double(bars.count)), bars.count - 1)]
            })
    }

    /// The means of as many groups as there are columns; fewer values keep a column each.
    private static func means(_ values: [Double?], _ columns: Int) -> [Double?] {
        guard values.count > columns, columns > 0 else { return values.map { $0.flatMap { $0.isFinite ? $0 : nil } } }
        return (0..<columns).map { column in
            let group = values[column * values.count / columns..<(column + 1) * values.count / columns]
            let finite = group.compactMap { $0 }.filter(\.isFinite)
            return finite.isEmpty ? nil : Figures.mean(finite)
        }
    }
}
