import Encoding
import Model

/// How the series of an answer are told apart: what all have in common is said once, what differs has columns.
struct SeriesNames {
    private static let metricName = "__name__"

    /// What every series has, as a selector; empty where that is nothing.
    let common: String
    /// Labels that differ, the metric's name first. A lone series differs in none.
    let labels: [String]

    init(_ series: [QueryAnswer.Series]) {
        var names: [String] = []
        var known: Set<String> = []
        for name in series.flatMap({ $0.labels.map(\.name) }) where known.insert(name).inserted { names.append(name) }
        names.sort { ($0 == Self.metricName ? "" : $0) < ($1 == Self.metricName ? "" : $1) }
        let differing = Set(names.filter { name in series.contains { $0.label(name) != series[0].label(name) } })
        labels = names.filter(differing.contains)
        common = series.first.map { first in Self.notation(first.labels.filter { !differing.contains($0.name) }) } ?? ""
    }

    /// The cells of a series under `labels`.
    func cells(_ series: QueryAnswer.Series) -> [String] { labels.map(series.label) }

    /// What differs about a series in one text.
    func text(_ series: QueryAnswer.Series) -> String {
        Self.notation(series.labels.filter { labels.contains($0.name) })
    }

    /// `up{job="a"}`; a name that is no word of the language stands inside of the braces.
    static func notation(_ labels: [(name: String, value: String)]) -> String {
        let name = labels.first { $0.name == metricName }?.value ?? ""
        var pairs = labels.filter { $0.name != metricName }.map {
            (NameValidation.legacy.isValidLabelName($0.name) ? $0.name : Quoted.text($0.name)) + "="
                + Quoted.text($0.value)
        }
        let isPlain = NameValidation.legacy.isValidMetricName(name)
        if !name.isEmpty, !isPlain { pairs.insert(Quoted.text(name), at: 0) }
        return (isPlain ? name : "") + (pairs.isEmpty ? "" : "{\(pairs.joined(separator: ", "))}")
    }
}
