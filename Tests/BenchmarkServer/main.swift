// benchmarkserver [--port N] [--workers N] [--tls FILE]: an HTTP server for load generators. Prints its port and ends with its
// standard input. FILE is a PEM file of a certificate and its key. Build it in release.
import Crypto
import Glibc
import HTTP
import Posix
import Telemetry

/// The value behind a flag.
func argument(_ name: String) -> String? {
    let values = CommandLine.arguments.drop { $0 != name }.dropFirst()
    return values.first
}

/// The number behind a flag, or a default.
func option(_ name: String, _ standard: Int) -> Int { argument(name).flatMap(Int.init) ?? standard }

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
let tls = try argument("--tls").map { try TLSStore(TLSOptions(certificates: [.init(chainFile: $0, keyFile: $0)])) }
let address = try server.listen(on: .loopback(port: UInt16(option("--port", 0))), tls: tls)
print(address.port ?? 0)
fflush(nil)
while getchar() != EOF {}
server.stop(drainingAtMostNs: 1_000_000_000)
