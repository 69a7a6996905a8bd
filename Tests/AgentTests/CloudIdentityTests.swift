import Encoding
import HTTP
import Posix
import Telemetry
import TestSupport
import Testing

@testable import Agent

/// Documents in the form that the providers' manuals show, with values of our own.
@Suite("The identity of a machine in a cloud")
struct CloudIdentityTests {
    private static func labels(
        _ providers: [CloudIdentity.Provider], _ routes: (inout Router) -> Void
    ) throws -> [String: String] {
        var router = Router()
        routes(&router)
        let server = try Server(router: router, registry: Registry())
        try server.start()
        defer { server.stop(drainingAtMostNs: 0) }
        let address = try server.listen(on: .loopback(port: 0))
        let client = HTTPClient("cloud", registry: Registry())
        defer { client.stop() }
        return CloudIdentity(providers, url: "http://\(address)").labels(client)
    }

    @Test("is EC2's by a token")
    func ec2() throws {
        let labels = try Self.labels(CloudIdentity.Provider.allCases) { router in
            router.add(.put, "/latest/api/token", role: nil) { request, response in
                let isAsked = request.headerText("x-aws-ec2-metadata-token-ttl-seconds") == "60"
                guard isAsked else { return response.send(.badRequest) }
                response.send("t0ken")
            }
            router.get("/latest/dynamic/instance-identity/document", role: nil) { request, response in
                guard request.headerText("x-aws-ec2-metadata-token") == "t0ken" else {
                    return response.send(.unauthorized)
                }
                response.send(
                    """
                    {"accountId": "1", "availabilityZone": "eu-central-1b", "instanceId": "i-0a1", \
                    "instanceType": "m6i.large", "region": "eu-central-1", "billingProducts": null}
                    """)
            }
        }
        #expect(
            labels == [
                "cloud_provider": "ec2", "cloud_region": "eu-central-1", "cloud_zone": "eu-central-1b",
                "cloud_instance_id": "i-0a1", "cloud_instance_type": "m6i.large",
            ])
    }

    @Test("is GCE's where EC2's is not there")
    func gce() throws {
        let labels = try Self.labels(CloudIdentity.Provider.allCases) { router in
            router.get("/computeMetadata/v1/instance/", role: nil) { request, response in
                guard request.headerText("metadata-flavor") == "Google" else { return response.send(.forbidden) }
                response.send(
                    """
                    {"id": 7152437468924532345, "machineType": "projects/1/machineTypes/e2-small", \
                    "name": "web-1", "zone": "projects/1/zones/europe-west1-b"}
                    """)
            }
        }
        #expect(
            labels == [
                "cloud_provider": "gce", "cloud_region": "europe-west1", "cloud_zone": "europe-west1-b",
                "cloud_instance_id": "7152437468924532345", "cloud_instance_type": "e2-small",
            ])
    }

    @Test("is Azure's, and none where nobody answers with a document")
    func azure() throws {
        let labels = try Self.labels([.azure]) { router in
            router.get("/metadata/instance", role: nil) { request, response in
                guard request.headerText("metadata") == "true" else { return response.send(.badRequest) }
                response.send(
                    #"{"compute": {"location": "westeurope", "vmId": "a-b", "vmSize": "Standard_B2s", "zone": ""}}"#)
            }
        }
        #expect(
            labels == [
                "cloud_provider": "azure", "cloud_region": "westeurope", "cloud_instance_id": "a-b",
                "cloud_instance_type": "Standard_B2s",
            ])
        #expect(try Self.labels(CloudIdentity.Provider.allCases) { _ in }.isEmpty)
    }
}
