import Model
import Storage

/// `info(v)`: labels of info series, found by `instance` and `job`, added to the series of a vector.
extension Evaluator {
    private static let identifying = ["instance", "job"]

    func info(_ plan: InfoPlan, _ node: Plan) throws(QueryError) -> Frame {
        let base = try frame(plan.input)
        let selector = InfoSelector(plan.matchers)
        let isInfo = (0..<base.count).map { row in
            let name = Array(base.labels.value(.metric, of: row).utf8)
            return selector.nameMatchers.allSatisfy { $0.matches(name.span) }
        }
        let found = try infoSeries(plan, node, base, isInfo, selector)
        return try combine(base, isInfo, found, selector)
    }

    /// The info series that may belong to any row, with the times of their samples as values.
    private func infoSeries(
        _ plan: InfoPlan, _ node: Plan, _ base: Frame, _ isInfo: [Bool], _ selector: InfoSelector
    ) throws(QueryError) -> Frame {
        var values = [Set<String>](repeating: [], count: Self.identifying.count)
        for row in 0..<base.count where !isInfo[row] {
            let labels = base.labels.labels(row)
            for (index, name) in Self.identifying.enumerated() where !labels[name].isEmpty {
                values[index].insert(labels[name])
            }
        }
        var matchers = selector.nameMatchers + selector.dataMatchers
        for (name, values) in zip(Self.identifying, values) where !values.isEmpty {
            let pattern = values.sorted().map(Self.quoted).joined(separator: "|")
            do {
                matchers.append(try Matcher(name, .matches, pattern))
            } catch {
                throw .execution("too many values of label \(name) for info(): \(error)")
            }
        }
        guard values.contains(where: { !$0.isEmpty }) else { return Frame(grid: node.grid) }
        let lookback = run.options.lookbackMs
        let first = plan.mapping.timeMs(0, node.grid)
        let last = plan.mapping.timeMs(node.grid.count - 1, node.grid)
        var request = SelectRequest(matchers: matchers, startMs: first - lookback + 1, endMs: last)
        request.hints.function = "info"
        let instant = InstantPlan(
            input: .selection(0), mapping: plan.mapping, lookbackMs: lookback, aspect: .infoTimestamp, isSmoothed: false
        )
        let source = InstantSource(
            instant, grid: node.grid, position: node.position, try run.select(request), run)
        let (frame, notes) = try source.materialised(run)
        annotations.add(notes)
        return frame
    }

    private static func quoted(_ text: String) -> String {
        text.map { "\\.+*?()|[]{}^$".contains($0) ? "\\\($0)" : String($0) }.joined()
    }

    private func combine(
        _ base: Frame, _ isInfo: [Bool], _ found: Frame, _ selector: InfoSelector
    ) throws(QueryError) -> Frame {
        let infos = (0..<found.count).map(found.labels.labels)
        var byIdentity: [String: [Int]] = [:]
        for (row, labels) in infos.enumerated() { byIdentity[identity(labels), default: []].append(row) }
        var output = Frame(grid: base.grid)
        var table = LabelTable()
        for row in 0..<base.count {
            try run.check()
            let labels = base.labels.labels(row)
            let candidates = isInfo[row] ? [] : byIdentity[identity(labels)] ?? []
            for step in 0..<base.grid.count {
                guard let point = base.point(row, step) else { continue }
                var result = labels
                if !isInfo[row] {
                    let newest = try newest(candidates, infos, found, step)
                    guard let enriched = try enrich(labels, with: newest.map { infos[$0] }, selector) else { continue }
                    result = enriched
                }
                let place = table.number(of: result.bytes.span, hash: result.hash)
                if place == output.count { output.appendEmptyRow(result, dropsName: base.dropsName[row]) }
                if output.isPresent(place, step) { throw .sameLabels }
                output.set(point, row: place, step: step)
            }
        }
        return output
    }

    private func identity(_ labels: Labels) -> String {
        Self.identifying.map { labels[$0] }.joined(separator: "\u{0}")
    }

    /// For each info metric the series whose sample is newest.
    private func newest(
        _ candidates: [Int], _ infos: [Labels], _ found: Frame, _ step: Int
    ) throws(QueryError) -> [Int] {
        var newest: [String: Int] = [:]
        for row in candidates where found.isPresent(row, step) {
            let name = infos[row][Labels.metricName]
            guard let known = newest[name] else {
                newest[name] = row
                continue
            }
            let time = found.values[row * found.grid.count + step]
            let knownTime = found.values[known * found.grid.count + step]
            if time == knownTime {
                throw .execution(
                    "found duplicate series for info metric: existing \(infos[known].text) @ \(Int64(knownTime * 1000)), new \(infos[row].text) @ \(Int64(time * 1000))"
                )
            }
            if time > knownTime { newest[name] = row }
        }
        return newest.values.sorted()
    }

    /// Nil where the series is to be left out, because its info series lack what was asked for.
    private func enrich(
        _ labels: Labels, with infos: [Labels], _ selector: InfoSelector
    ) throws(QueryError) -> Labels? {
        if infos.isEmpty { return selector.dataMatchers.allSatisfy(\.matchesEmpty) ? labels : nil }
        var added = LabelsBuilder()
        for info in infos {
            for pair in info.pairs where pair.name != Labels.metricName && selector.wants(pair.name) {
                let known = added.value(of: pair.name)
                if !known.isEmpty, known != pair.value { throw .execution("conflicting label: \(pair.name)") }
                if labels[pair.name].isEmpty { added.set(pair.name, pair.value) }
            }
        }
        var builder = LabelsBuilder(labels)
        for pair in added.pairs { builder.set(pair.name, pair.value) }
        return builder.labels()
    }
}

/// Which info series are meant, and which of their labels.
private struct InfoSelector {
    let nameMatchers: [Matcher]
    let dataMatchers: [Matcher]

    init(_ matchers: [Matcher]?) {
        let names = (matchers ?? []).filter { $0.name == Labels.metricName }
        dataMatchers = (matchers ?? []).filter { $0.name != Labels.metricName }
        if names.contains(where: { !$0.isNegative }) {
            nameMatchers = names
        } else if names.isEmpty {
            nameMatchers = [Matcher(Labels.metricName, equals: "target_info")]
        } else {
            // Only what is not meant was said: any info metric else is.
            let anyInfo = (try? Matcher(Labels.metricName, .matches, ".+_info"))  // the pattern is valid
            nameMatchers = names + [anyInfo].compactMap { $0 }
        }
    }

    func wants(_ label: String) -> Bool {
        dataMatchers.isEmpty || dataMatchers.contains { $0.name == label }
    }
}
