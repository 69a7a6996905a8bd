import Encoding
import Model
import Storage

/// A selector's need, before it is known which needs are met by one selection.
struct SelectorNeed: Sendable {
    var matchers: [Matcher]
    var startMs: Int64
    var endMs: Int64
    var hints: SelectRequest.Hints
}

/// Makes plans of expressions.
struct Planner {
    let times: QueryTimes
    let lookbackMs: Int64
    let defaultSubqueryStepMs: Int64
    let features: LanguageFeatures
    let memoryMaxBytes: Int
    private(set) var needs: [SelectorNeed] = []
    /// Numbers of expressions that occur more than once, by grid and text.
    private var repeated: [String: Int] = [:]
    /// The function or aggregation around what is being planned.
    private var hints = SelectRequest.Hints()
    /// Whether a function of histograms' counts and sums is around what is being planned, and whether something is
    /// that needs their buckets.
    private var wantsStatistics = false
    private var needsBuckets = false

    init(times: QueryTimes, options: EngineOptions) {
        self.times = times
        lookbackMs = options.lookbackMs
        defaultSubqueryStepMs = options.defaultSubqueryStepMs
        features = options.features
        memoryMaxBytes = options.memoryMaxBytes
    }

    mutating func plan(root expression: Expression, grid: Grid) throws(QueryError) -> Plan {
        var counts: [String: Int] = [:]
        countOccurrences(of: expression, "", &counts)
        for (text, _) in counts.filter({ $0.value > 1 }).sorted(by: { $0.key < $1.key }) {
            repeated[text] = repeated.count
        }
        return try plan(expression, grid, "")
    }

    /// Subqueries have grids of their own, so what is inside one is the same only as what is inside the same one.
    private func context(of subquery: Subquery, in context: String) -> String { context + subquery.suffix + "/" }

    /// Only the largest repeated expression counts: what is inside it is evaluated with it.
    private func countOccurrences(of expression: Expression, _ context: String, _ counts: inout [String: Int]) {
        switch expression {
        case .number, .string, .range, .paren, .unary: break
        case .selector, .call, .aggregation, .binary:
            guard expression.type == .vector, expression.selectsSeries else { break }
            let text = context + expression.description
            counts[text, default: 0] += 1
            if counts[text]! > 1 { return }
        case .subquery(let node):
            countOccurrences(of: node.expression, self.context(of: node, in: context), &counts)
            return
        }
        for child in expression.children {
            // The second argument of `info` selects nothing by itself.
            if case .call(let call) = expression, call.function.name == "info", case .selector = child,
                child.position != call.arguments[0].position
            {
                continue
            }
            if case .range = expression { continue }
            countOccurrences(of: child, context, &counts)
        }
    }

    private mutating func plan(
        _ expression: Expression, _ grid: Grid, _ context: String
    ) throws(QueryError) -> Plan {
        if grid.count > 1, isInvariant(expression), isWorthRepeating(expression) {
            let inner = try plan(expression, grid.first, context)
            return Plan(node: .invariant(inner), type: expression.type, grid: grid, position: expression.position)
        }
        let made = try planNode(expression, grid, context)
        let plan = Plan(node: made, type: expression.type, grid: grid, position: expression.position)
        // Without their buckets histograms are something else than with them.
        let isReduced = wantsStatistics && !needsBuckets
        if expression.type == .vector, !isReduced, !repeated.isEmpty,
            let number = repeated[context + expression.description]
        {
            // At the first instant alone it is another thing than at all of them.
            let unique = number * 2 + (grid.count == 1 ? 1 : 0)
            return Plan(node: .shared(unique, plan), type: plan.type, grid: grid, position: plan.position)
        }
        return plan
    }

    private func isWorthRepeating(_ expression: Expression) -> Bool {
        switch expression {
        case .number, .string, .range, .subquery: false
        case .paren(let node): isWorthRepeating(node.expression)
        default: true
        }
    }

    /// Whether an expression yields the same at every instant.
    private func isInvariant(_ expression: Expression) -> Bool {
        switch expression {
        case .number, .string: true
        case .selector(let node): node.shift.at != nil
        case .range(let node): node.selector.shift.at != nil
        case .subquery(let node): node.shift.at != nil
        case .paren(let node): isInvariant(node.expression)
        case .unary(let node): isInvariant(node.expression)
        case .aggregation(let node): isInvariant(node.expression)
        case .binary(let node): isInvariant(node.left) && isInvariant(node.right)
        case .call(let node):
            if case .query = node.function.body {
                true
            } else if case .timestamp = node.function.body, case .selector = node.arguments[0].unwrapped {
                isInvariant(node.arguments[0])
            } else {
                !node.function.dependsOnTime && node.arguments.allSatisfy(isInvariant)
            }
        }
    }

    private mutating func planNode(
        _ expression: Expression, _ grid: Grid, _ context: String
    ) throws(QueryError) -> Plan.Node {
        switch expression {
        case .number(let node): return .number(node.value)
        case .string(let node): return .string(node.value, isValid: node.invalidBytes == nil)
        case .paren(let node): return try planNode(node.expression, grid, context)
        case .unary(let node):
            let operand = try plan(node.expression, grid, context)
            return node.isNegation ? .negation(operand) : operand.node
        case .selector(let node): return .instant(try instant(node, grid))
        case .range, .subquery: return .rawSamples(try rangeInput(expression, grid, context))
        case .aggregation(let node): return try aggregation(node, grid, context)
        case .binary(let node): return try binary(node, grid, context)
        case .call(let node): return try call(node, grid, context)
        }
    }

    // Times

    private func mapping(of shift: TimeShift) throws(QueryError) -> TimeMapping {
        let offset = try shift.offsetExpression.map { (expression) throws(QueryError) in
            try DurationValues(times: times).milliseconds(expression, mayBeNegative: true)
        }
        let at: Int64? =
            switch shift.at {
            case .timestampMs(let milliseconds): milliseconds
            case .start: times.startMs
            case .end: times.endMs
            case nil: nil
            }
        return TimeMapping(offsetMs: offset ?? shift.offsetMs, atMs: at)
    }

    private func milliseconds(
        _ fixed: Int64, _ expression: DurationExpression?
    ) throws(QueryError) -> Int64 {
        guard let expression else { return fixed }
        return try DurationValues(times: times).milliseconds(expression, mayBeNegative: false)
    }

    // Selectors

    private mutating func need(
        _ matchers: [Matcher], _ grid: Grid, _ mapping: TimeMapping, beforeMs: Int64, afterMs: Int64, rangeMs: Int64
    ) -> Int {
        var hints = hints
        hints.stepMs = grid.count > 1 ? grid.stepMs : 0
        hints.rangeMs = rangeMs
        let last = max(mapping.timeMs(grid.count - 1, grid), mapping.timeMs(0, grid))
        needs.append(
            SelectorNeed(
                matchers: matchers, startMs: mapping.timeMs(0, grid) - beforeMs + 1, endMs: last + afterMs,
                hints: hints))
        return needs.count - 1
    }

    private mutating func instant(_ node: VectorSelector, _ grid: Grid) throws(QueryError) -> InstantPlan {
        let mapping = try mapping(of: node.shift)
        if let logs = node.logs {
            // It has its values at the very instants.
            return InstantPlan(input: .logs(logs), mapping: mapping, lookbackMs: 1, isSmoothed: false)
        }
        let isSmoothed = node.edge == .smoothed
        let selection = need(
            node.matchers, grid, mapping, beforeMs: lookbackMs, afterMs: isSmoothed ? lookbackMs : 0, rangeMs: 0)
        return InstantPlan(
            input: .selection(selection), mapping: mapping, lookbackMs: lookbackMs, isSmoothed: isSmoothed,
            statisticsOnly: wantsStatistics && !needsBuckets)
    }

    private mutating func rangeInput(
        _ expression: Expression, _ grid: Grid, _ context: String
    ) throws(QueryError) -> RangeInput {
        switch expression {
        case .range(let node) where node.selector.logs != nil:
            var selector = node.selector
            selector.shift = TimeShift()
            return try subquery(
                Subquery(
                    expression: .selector(selector), rangeMs: node.rangeMs, rangeExpression: node.rangeExpression,
                    shift: node.selector.shift, end: node.end), grid, context)
        case .range(let node):
            let range = try milliseconds(node.rangeMs, node.rangeExpression)
            var input = RangeInput(
                source: .selection(0), mapping: try mapping(of: node.selector.shift), rangeMs: range,
                edge: node.selector.edge, statisticsOnly: wantsStatistics && !needsBuckets,
                lookbackMs: lookbackMs)
            input.source = .selection(
                need(
                    node.selector.matchers, grid, input.mapping, beforeMs: input.beforeMs, afterMs: input.afterMs,
                    rangeMs: range))
            return input
        case .subquery(let node): return try subquery(node, grid, context)
        case .paren(let node): return try rangeInput(node.expression, grid, context)
        default: preconditionFailure("BUG: no range vector")
        }
    }

    private mutating func subquery(
        _ node: Subquery, _ grid: Grid, _ context: String
    ) throws(QueryError) -> RangeInput {
        let range = try milliseconds(node.rangeMs, node.rangeExpression)
        var step = try milliseconds(node.stepMs, node.stepExpression)
        if step == 0 { step = defaultSubqueryStepMs }
        let mapping = try mapping(of: node.shift)
        let after = mapping.timeMs(0, grid) - range
        let end = max(mapping.timeMs(0, grid), mapping.timeMs(grid.count - 1, grid))
        // Instants of a subquery are multiples of its step, wherever it begins.
        var start = after / step * step
        if start <= after { start += step }
        let outer = (hints, needsBuckets)
        hints = SelectRequest.Hints()
        needsBuckets = true
        // One column of cells has to fit.
        if end >= start, (end - start) / step >= Int64(memoryMaxBytes / QueryRun.cellBytes) {
            throw QueryLedger.tooLarge(memoryMaxBytes)
        }
        let inner = end < start ? Grid(instantMs: start) : Grid(startMs: start, endMs: end, stepMs: step)
        let plan = try plan(node.expression, inner, self.context(of: node, in: context))
        (hints, needsBuckets) = outer
        return RangeInput(
            source: .subquery(plan), mapping: mapping, rangeMs: range, edge: .plain, lookbackMs: lookbackMs)
    }

    // Operators

    private mutating func aggregation(
        _ node: Aggregation, _ grid: Grid, _ context: String
    ) throws(QueryError) -> Plan.Node {
        if node.operation == .countValues, case .string(let label)? = node.parameter?.unwrapped {
            if label.value.isEmpty || label.invalidBytes != nil {
                let bytes = label.invalidBytes ?? Array(label.value.utf8)
                throw .execution("invalid label name \(Quoted.bytes(bytes))")
            }
        }
        let parameter = try node.parameter.map { (parameter) throws(QueryError) in
            try plan(parameter.unwrapped, grid, context)
        }
        let outer = hints
        hints = SelectRequest.Hints()
        hints.function = node.operation.rawValue
        hints.grouping = node.grouping
        hints.groupingIsBy = !node.isWithout
        let input = try plan(node.expression.unwrapped, grid, context)
        hints = outer
        return .aggregation(
            AggregationPlan(
                operation: node.operation, input: input, parameter: parameter, grouping: node.grouping,
                isWithout: node.isWithout, position: node.position))
    }

    private mutating func binary(
        _ node: BinaryOperation, _ grid: Grid, _ context: String
    ) throws(QueryError) -> Plan.Node {
        let outer = (hints, needsBuckets)
        hints = SelectRequest.Hints()
        if node.operation == .trimLower || node.operation == .trimUpper { needsBuckets = true }
        let left = try plan(node.left, grid, context)
        let right = try plan(node.right, grid, context)
        (hints, needsBuckets) = outer
        switch (left.type, right.type) {
        case (.scalar, .scalar):
            if node.operation == .trimLower || node.operation == .trimUpper {
                throw .execution("operator \(Quoted.text(node.operation.rawValue)) not allowed for Scalar operations")
            }
            return .scalarBinary(node.operation, left, right)
        case (.vector, .vector):
            let matching = node.matching ?? VectorMatching()
            if node.operation.isSet { return .setOperation(node.operation, left, right, matching) }
            return .vectorBinary(
                VectorBinaryPlan(
                    operation: node.operation, left: left, right: right, matching: matching,
                    returnsBool: node.returnsBool))
        default:
            let scalarIsLeft = left.type == .scalar
            return .vectorScalar(
                VectorScalarPlan(
                    operation: node.operation, vector: scalarIsLeft ? right : left,
                    scalar: scalarIsLeft ? left : right, scalarIsLeft: scalarIsLeft,
                    returnsBool: node.returnsBool))
        }
    }

    // Calls

    private mutating func arguments(
        _ node: Call, _ grid: Grid, _ context: String
    ) throws(QueryError) -> [Plan] {
        var plans: [Plan] = []
        for argument in node.arguments { plans.append(try plan(argument.unwrapped, grid, context)) }
        return plans
    }

    private mutating func call(
        _ node: Call, _ grid: Grid, _ context: String
    ) throws(QueryError) -> Plan.Node {
        let outer = (hints, wantsStatistics, needsBuckets)
        hints = SelectRequest.Hints()
        hints.function = node.function.name
        defer { (hints, wantsStatistics, needsBuckets) = outer }
        switch node.function.name {
        case "histogram_count", "histogram_sum", "histogram_avg": wantsStatistics = true
        case "histogram_quantile", "histogram_quantiles", "histogram_fraction": needsBuckets = true
        default: break
        }
        switch node.function.body {
        case .query(let value): return .number(value(times))
        case .scalar(let column): return .scalars(column, try arguments(node, grid, context))
        case .scalarOfVector: return .scalarOfVector(try arguments(node, grid, context)[0])
        case .vectorOfScalar: return .vectorOfScalar(try arguments(node, grid, context)[0])
        case .map(let change):
            let plans = try arguments(node, grid, context)
            return .map(change, plans[0], Array(plans.dropFirst()))
        case .calendar(let part): return try calendar(part, node, grid, context)
        case .vector(let body): return .vectorCall(body, try arguments(node, grid, context))
        case .overTime(let function): return .overTime(try overTime(function, node, grid, context))
        case .absent:
            let input = node.arguments[0].unwrapped
            return .absent(try plan(input, grid, context), AbsentLabels.labels(of: input))
        case .absentOverTime:
            let presence = try overTime(OverTimeFunction(OverTimeFunctions.Present.self), node, grid, context)
            let plan = Plan(node: .overTime(presence), type: .vector, grid: grid, position: node.position)
            return .absent(plan, AbsentLabels.labels(of: node.arguments[0].unwrapped))
        case .timestamp: return try timestamp(.timestamp, node, grid, context)
        case .startTimestamp: return try timestamp(.startTimestamp, node, grid, context)
        case .info: return try info(node, grid, context)
        }
    }

    private mutating func calendar(
        _ part: @escaping @Sendable (Double) -> Double, _ node: Call, _ grid: Grid, _ context: String
    ) throws(QueryError) -> Plan.Node {
        let now: @Sendable ([[Double]], Grid) -> [Double] = { _, grid in
            (0..<grid.count).map { Double(grid.timeMs($0) / 1000) }
        }
        let input: Plan
        if let argument = node.arguments.first {
            input = try plan(argument.unwrapped, grid, context)
        } else {
            let time = Plan(node: .scalars(now, []), type: .scalar, grid: grid, position: node.position)
            input = Plan(node: .vectorOfScalar(time), type: .vector, grid: grid, position: node.position)
        }
        return .map({ row, _ in MapArguments.each(&row) { value, _ in part(value) } }, input, [])
    }

    private mutating func overTime(
        _ function: OverTimeFunction, _ node: Call, _ grid: Grid, _ context: String
    ) throws(QueryError) -> OverTimePlan {
        var input: RangeInput?
        var scalars: [Plan] = []
        for argument in node.arguments {
            if argument.type == .matrix {
                input = try rangeInput(argument.unwrapped, grid, context)
            } else {
                scalars.append(try plan(argument.unwrapped, grid, context))
            }
        }
        guard let input else { preconditionFailure("BUG: a function over time without a range") }
        if input.edge != .plain, !function.edges.contains(input.edge) {
            let names = Functions.all.filter {
                if case .overTime(let other) = $0.body { return other.edges.contains(input.edge) }
                return false
            }.map(\.name).sorted()
            throw .execution(
                "\(input.edge.rawValue) modifier can only be used with: \(names.joined(separator: ", ")) - not with \(node.function.name)"
            )
        }
        return OverTimePlan(
            function: function, input: input, scalars: scalars, position: node.arguments[0].unwrapped.position)
    }

    private mutating func timestamp(
        _ aspect: SampleAspect, _ node: Call, _ grid: Grid, _ context: String
    ) throws(QueryError) -> Plan.Node {
        let argument = node.arguments[0].unwrapped
        if aspect == .startTimestamp, !features.startTimestamps { return .noStartTimestamps }
        guard case .selector(let selector) = argument else {
            if aspect == .startTimestamp { return .noStartTimestamps }
            return .timeOfEvaluation(try plan(argument, grid, context))
        }
        var instant = try instant(selector, grid)
        instant.aspect = aspect
        instant.isSmoothed = false
        if aspect == .timestamp, let atMs = instant.mapping.atMs {
            // Prometheus fetches the samples that an offset means, and then looks for them from the instant of `@` itself.
            let offsetMs = instant.mapping.offsetMs
            instant.mapping = TimeMapping(offsetMs: max(0, offsetMs), atMs: atMs)
            instant.lookbackMs -= min(instant.lookbackMs, Int64(clamping: offsetMs.magnitude))
        }
        return .instant(instant)
    }

    private mutating func info(
        _ node: Call, _ grid: Grid, _ context: String
    ) throws(QueryError) -> Plan.Node {
        let input = node.arguments[0].unwrapped
        var matchers: [Matcher]?
        if node.arguments.count > 1, case .selector(let selector) = node.arguments[1].unwrapped {
            matchers = selector.matchers
        }
        return .info(
            InfoPlan(
                input: try plan(input, grid, context), matchers: matchers,
                mapping: try InfoTimes.mapping(of: input) { (shift) throws(QueryError) in try mapping(of: shift) }
                    ?? TimeMapping(offsetMs: 0)))
    }
}

/// Which instant the info series of `info(expression)` are looked at: that of the first selector in it.
private enum InfoTimes {
    static func mapping(
        of expression: Expression, _ resolve: (TimeShift) throws(QueryError) -> TimeMapping
    ) throws(QueryError) -> TimeMapping? {
        switch expression {
        case .selector(let node): return try resolve(node.shift)
        case .subquery(let node):
            guard var inner = try mapping(of: node.expression, resolve) else { return nil }
            if inner.atMs == nil {
                let outer = try resolve(node.shift)
                inner.offsetMs += outer.offsetMs
                inner.atMs = outer.atMs
            }
            return inner
        default:
            for child in expression.children {
                if let found = try mapping(of: child, resolve) { return found }
            }
            return nil
        }
    }
}

/// The labels that `absent` can tell: those that the selector fixes to one value.
enum AbsentLabels {
    static func labels(of expression: Expression) -> Labels {
        let matchers: [Matcher]
        switch expression {
        case .selector(let node): matchers = node.matchers
        case .range(let node): matchers = node.selector.matchers
        default: return .empty
        }
        var builder = LabelsBuilder()
        var seen: Set<String> = []
        for matcher in matchers where matcher.name != Labels.metricName {
            if matcher.operation == .equal, seen.insert(matcher.name).inserted {
                builder.set(matcher.name, matcher.value)
            } else {
                builder.remove(matcher.name)
            }
        }
        return builder.labels()
    }
}

extension Expression {
    /// Whether a selector is anywhere in it.
    var selectsSeries: Bool {
        switch self {
        case .selector, .range: true
        default: children.contains { $0.selectsSeries }
        }
    }
}
