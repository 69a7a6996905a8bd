import PromQL
import Testing

@Suite struct PointedExpressionTests {
    @Test(arguments: [
        ("up{instance=\"a\"}", true), ("{a=\"b\",c=\"d\"}", true), ("sum(rate(up{instance=\"a\"}[5m])) + 1", true),
        ("vector(1)", true), ("up", false), ("up{instance=~\"a\"}", false), ("up{instance!=\"a\"}", false),
        ("up{instance=\"\"}", false), ("up{a=\"b\"} / up", false), ("logs(\"{a=\\\"b\\\"}\")", false),
        ("max_over_time(up{instance=\"a\"}[1d:1s])", false),
    ])
    func anIndexFindsItsSeriesAtOnce(query: String, isPointed: Bool) throws {
        #expect(try Parser.parse(query).isPointed == isPointed)
    }
}
