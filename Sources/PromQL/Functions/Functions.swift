/// All functions of the language. Adding one takes its definition in a family's file; a new family takes a line here.
package enum Functions {
    package static let all: [FunctionDefinition] =
        MathFunctions.all + CalendarFunctions.all + ScalarFunctions.all + QueryFunctions.all + RateFunctions.all
        + OverTimeFunctions.all + TrendFunctions.all + HistogramFunctions.all + LabelFunctions.all
        + SortFunctions.all + PresenceFunctions.all

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    package static func named(_ name: String) -> FunctionDefinition? { byName[name] }
}
