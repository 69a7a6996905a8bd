import Encoding

func jsonBenchmarks() -> [Benchmark] {
    let line =
        Array(
            #"{"time":"2026-03-14T09:26:53.589793Z","level":"info","service":"checkout","host":"web-17.eu-central.example.net","#
                .utf8)
        + Array(#""trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","method":"POST","#.utf8)
        + Array(#""path":"/api/v1/orders/1234567/payment","status":201,"duration_ms":48.25,"#.utf8)
        + Array(
            #""message":"payment accepted for order 1234567 by the card provider after one retry of the first request"}"#
                .utf8)
    let lines = 1000
    var fields = JSONFields()
    var texts: [UInt8] = []
    return [
        Benchmark("encoding/json fields of lines of \(line.count) B", .bytes(line.count * lines)) {
            for _ in 0..<lines { _ = fields.scan(line.span) }
        },
        Benchmark("encoding/json syntax check, \(line.count) B", .bytes(line.count * lines)) {
            for _ in 0..<lines { try JSONSyntax.check(line.span) }
        },
        Benchmark("encoding/json tree, \(line.count) B", .bytes(line.count * lines)) {
            for _ in 0..<lines { keep(try JSONValue.parse(line.span)) }
        },
        Benchmark("encoding/json string of \(line.count) B", .bytes(line.count * lines)) {
            texts.removeAll(keepingCapacity: true)
            for _ in 0..<lines { JSONText.append(string: line.span, to: &texts) }
        },
    ]
}
