import Text

/// The smallest, mean, largest and last value of a series, as the tables of ranges and the legends of graphs show them.
enum Figures {
    static let columns = ["MIN", "AVG", "MAX", "LAST"].map { TextTable.Column(title: $0, alignsRight: true) }

    /// Nothing counts that is no number; the last value is shown whatever it is.
    static func cells(_ values: [Double], _ unit: ValueUnit) -> [String] {
        let numbers = values.filter { !$0.isNaN }
        let last = values.last.map { unit.text($0) } ?? ""
        guard let lowest = numbers.min(), let highest = numbers.max() else { return ["", "", "", last] }
        return [lowest, mean(numbers), highest].map { unit.text($0) } + [last]
    }

    /// Of at least one number; also where their sum is beyond what a number can be.
    static func mean(_ numbers: [Double]) -> Double {
        let count = Double(numbers.count)
        let mean = numbers.reduce(0, +) / count
        return mean.isFinite ? mean : numbers.reduce(0) { $0 + $1 / count }
    }
}
