import Foundation
import Posix
import Testing

@Suite("Diagnosis of sockets")
struct SocketDiagnosisTests {
    /// Held sockets of our own are among what is counted, by the numbers of /proc/net/tcp.
    @Test("counts listeners and connections by state")
    func counts() throws {
        let listener = try Socket.listening(on: .loopback(port: 0))
        let address = try listener.localAddress()
        let before = try SocketDiagnosis.tcp()
        #expect(before.counts[10] >= 1)
        let client = try Socket.connecting(to: address)
        let isConnected = client.wait(toWrite: true, atMostMs: 20_000)
        #expect(isConnected)
        let after = try SocketDiagnosis.tcp()
        #expect(after.counts[1] >= 2)
        withExtendedLifetime(client.descriptor) {}
        withExtendedLifetime(listener.descriptor) {}
    }
}
