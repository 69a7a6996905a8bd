import Encoding
import HTTP
import Testing

@testable import Marketplace

@Suite struct FaultTests {
    @Test func theGatewaySendsAFaultToItsHome() throws {
        let shop = try RunningMarketplace()
        defer { shop.stop() }
        for fault in Marketplace.Fault.allCases where fault.home != .traffic {
            let on = try shop.ask(.post, "/admin/faults/\(fault.rawValue)?seconds=600&level=0")
            #expect(on.status == 200, "\(fault): \(on.text)")
            #expect(on.json["service"]?.text == fault.home.rawValue)
            let isActive = on.json["faults"]?.elements?.first { $0["name"]?.text == fault.rawValue }?["active"]?.bool
            #expect(isActive == true, "\(fault)")
            let off = try shop.ask(.delete, "/admin/faults/\(fault.rawValue)")
            let isOff = off.json["faults"]?.elements?.first { $0["name"]?.text == fault.rawValue }?["active"]?.bool
            #expect(isOff == false, "\(fault)")
        }
        #expect(try shop.ask(.post, "/admin/faults/none").errorCode == "unknown_fault")
        #expect(try shop.ask(.post, "/admin/faults/errors?level=x").errorCode == "bad_number")
        #expect(try shop.ask(.post, "/admin/faults/disk_fill?service=auth").errorCode == "other_home")
    }

    @Test func whatIsBrokenFailsAndWorksAgainAfterwards() throws {
        let shop = try RunningMarketplace()
        defer { shop.stop() }
        let token = try shop.signUp()
        let broken: [(Marketplace.Fault, String, String)] = [
            (.errors, "/v1/categories", "internal"), (.badDeploy, "/v1/categories", "internal"),
            (.poolExhaustion, "/v1/orders", "pool_exhausted"),
        ]
        for (fault, path, code) in broken {
            _ = try shop.ask(.post, "/admin/faults/\(fault.rawValue)?level=1")
            let answer = try shop.ask(.get, path, token: token)
            #expect(answer.status >= 500)
            #expect(answer.errorCode == code, "\(fault)")
            _ = try shop.ask(.delete, "/admin/faults/\(fault.rawValue)")
            #expect(try shop.ask(.get, path, token: token).status == 200, "\(fault)")
        }
    }

    @Test func aDeadDependencyIsDoneWithout() throws {
        let shop = try RunningMarketplace()
        defer { shop.stop() }
        #expect(try shop.ask(.get, "/v1/recommendations?product=p_1").json["degraded"] == nil)
        _ = try shop.ask(.post, "/admin/faults/dead_dependency")
        let answer = try shop.ask(.get, "/v1/recommendations?product=p_1")
        #expect(answer.status == 200)
        #expect(answer.json["degraded"]?.bool == true)
        let counted = try shop.metrics(.gateway, "marketplace_dependency_requests_total")
        #expect(
            counted.contains(
                "marketplace_dependency_requests_total{dependency=\"recommendations\",outcome=\"connect\"} 1"))
    }

    @Test func aBadDeployShowsAnotherVersion() throws {
        let shop = try RunningMarketplace()
        defer { shop.stop() }
        let line = "marketplace_build_info{version=\"1.0.0"
        #expect(try shop.metrics(.catalog, line) == ["\(line)\"} 1"])
        _ = try shop.ask(.post, "/admin/faults/bad_deploy")
        #expect(try shop.metrics(.catalog, line) == ["\(line)-next\"} 1"])
    }

    @Test func withoutTelemetryNothingIsMeasuredOrLogged() throws {
        let shop = try RunningMarketplace { $0.hasTelemetry = false }
        #expect(try shop.ask(.get, "/v1/products/p_1").status == 200)
        #expect(try shop.metrics(.gateway, "marketplace_http_requests_total").isEmpty)
        shop.stop()
        #expect(try shop.log(.gateway).isEmpty)
    }
}
