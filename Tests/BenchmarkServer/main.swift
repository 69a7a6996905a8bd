// benchmarkserver [--port N] [--workers N]: an HTTP server for load generators. Prints its port and ends with its
// standard input. Build it in release.
import Glibc
import HTTP
import Posix
import Telemetry

/// The value behind a flag, or a default.
func option(_ name: String, _ standard: Int) -> Int {
    guard let place = CommandLine.arguments.firstIndex(of: name), place + 1 < CommandLine.arguments.count else {
        return standard
    }
    return Int(CommandLine.arguments[place + 1]) ?? standard
}

var router = Router()
let answer = Array(#"{"status":"success","data":{"resultType":"vector","result":[]}}"#.utf8)
router.get("/small", role: nil) { _, response in response.send(answer.span, contentType: ContentType.json) }
router.get("/label/:name/values", role: nil) { request, response in response.send(request.parameter("name")) }
router.post("/take", role: nil) { request, response in response.send("\(request.body.count)\n") }
let megabyte = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
router.get("/megabyte", role: nil) { _, response in
    response.send(megabyte.span, contentType: "application/octet-stream")
}

var options = ServerOptions()
options.workers = option("--workers", 2)
let server = try Server(options, router: router, registry: Registry())
try server.start()
let address = try server.listen(on: .loopback(port: UInt16(option("--port", 0))))
print(address.port ?? 0)
fflush(nil)
while getchar() != EOF {}
server.stop(drainingAtMostNs: 1_000_000_000)
