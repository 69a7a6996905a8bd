import Encoding
import Foundation
import HTTP
import Ledger
import Model
import Posix
import Telemetry
import TestSupport
import Testing

@testable import Alerting

/// Mails to a real server, aiosmtpd from PyPI, with STARTTLS and each way to log in.
@Suite struct MailTests {
    /// Writes what it took to a file, a line of JSON each, once it is complete.
    private static let server = """
        import asyncio, email, hmac, json, os, ssl, sys
        from email import policy
        from aiosmtpd.smtp import SMTP, AuthResult

        folder, mechanisms, tls = sys.argv[1], sys.argv[2].split(","), sys.argv[3] == "tls"
        said = {}

        class Server(SMTP):
            async def auth_CRAM__MD5(self, server, arguments):
                challenge = b"<17.5@stand-in>"
                answer = await self.challenge_auth(challenge)
                name, digest = answer.decode().rsplit(" ", 1)
                good = hmac.new(b"s3cret", challenge, "md5").hexdigest()
                said["login"] = ["CRAM-MD5", name]
                return AuthResult(success=digest == good, handled=digest == good)

        def check(server, session, envelope, mechanism, data):
            said["login"] = [mechanism, data.login.decode()]
            good = data.login == b"anna" and data.password == b"pa55"
            # What is not handled is answered with 535.
            return AuthResult(success=good, handled=good)

        class Handler:
            async def handle_DATA(self, server, session, envelope):
                message = email.message_from_bytes(envelope.content, policy=policy.default)
                parts = {part.get_content_type(): part.get_content() for part in message.iter_parts()}
                took = dict(said, hello=session.host_name, tls=session.ssl is not None, sender=envelope.mail_from,
                            recipients=envelope.rcpt_tos, subject=message["subject"], to=message["to"], parts=parts,
                            header=message["x-team"])
                with open(folder + "/mail.tmp", "w") as file: json.dump(took, file)
                os.rename(folder + "/mail.tmp", folder + "/mail")
                return "250 taken"

        def make():
            context = None
            if tls:
                context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
                context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
            every = {"PLAIN", "LOGIN", "CRAM-MD5"}
            return Server(Handler(), hostname="stand-in", tls_context=context, require_starttls=tls,
                          authenticator=check, auth_required=mechanisms != ["none"], auth_require_tls=tls,
                          auth_exclude_mechanism=every - set(mechanisms))

        async def main():
            server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
            with open(folder + "/port.tmp", "w") as file: file.write(str(server.sockets[0].getsockname()[1]))
            os.rename(folder + "/port.tmp", folder + "/port")
            await server.serve_forever()

        asyncio.run(main())
        """

    private final class MailServer {
        let folder = TemporaryDirectory()
        private let process = Process()
        private(set) var port = ""

        /// - Parameter mechanisms: to log in; `none` takes anybody.
        init(_ mechanisms: String, tls: Bool) throws {
            let make =
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 "
                + "-addext subjectAltName=IP:127.0.0.1 -keyout \(folder.path)/key.pem -out \(folder.path)/cert.pem"
            let made = try Peer(["bash", "-c", make]).run(input: [])
            try #require(made.status == 0, "\(made.output)")
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments =
                Peer.pythonArguments(MailTests.server) + [folder.path, mechanisms, tls ? "tls" : "plain"]
            process.standardInput = FileHandle.nullDevice
            try process.run()
            port = try read("port")
        }

        deinit {
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
            process.waitUntilExit()
        }

        /// A file of the server, once it is there.
        func read(_ name: String) throws -> String {
            let deadline = Date(timeIntervalSinceNow: 30)
            while true {
                let path = folder.file(name)
                if let text = try? String(contentsOfFile: path, encoding: .utf8) { return text }  // not there yet
                try #require(Date() < deadline && process.isRunning, "the mail server has no \(name)")
                Thread.sleep(forTimeInterval: 0.02)
            }
        }
    }

    private static func isThere() -> Bool {
        if Peer.exists(pythonModule: "aiosmtpd") { return true }
        print("aiosmtpd is not installed: mails are not tried with it")
        #expect(ProcessInfo.processInfo.environment["OBS_CI"] == nil, "the module is part of CI")
        return false
    }

    /// - Parameter settings: of `global`.
    private static func send(_ settings: String, to server: MailServer) throws {
        let yaml = """
            global:
              smtp_smarthost: 127.0.0.1:\(server.port)
              smtp_from: 'obs <obs@example.com>'
              smtp_hello: monitor.example.com
              smtp_tls_config: {ca_file: \(server.folder.path)/cert.pem}
              \(settings)
            route: {receiver: team}
            receivers:
            - name: team
              email_configs:
              - to: 'anna@example.com, Bert <bert@example.com>'
                headers: {X-Team: 'größe'}
                text: '{{ .Status }}: {{ .CommonLabels.alertname }}'
            """
        let report = ConfigurationReport()
        let configuration = AlertmanagerConfiguration.read(Array(yaml.utf8).span, file: "a.yml", report)
        #expect(report.errors.isEmpty, "\(report.errors)")
        let settings = try #require(configuration.receivers.first?.settings.first)
        let alert = Alert(
            labels: Labels([("alertname", "Down")]), startsAtMs: 1_767_225_600_000, endsAtMs: 1_767_225_900_000)
        let notification = Notification(
            groupKey: "{}:{}", groupLabels: [("alertname", "Down")], receiver: "team",
            alerts: [.init(alert, isResolved: false)], reason: .first, externalURL: "http://obs",
            nowMs: 1_767_225_601_000)
        let client = HTTPClient("test", registry: Registry())
        defer { client.stop() }
        let delivery = try Delivery(
            notification, settings, NotificationTemplates(), client, limitNs: 20_000_000_000, time: SystemTime())
        _ = try ReceiverKind.email.deliver(delivery)
    }

    @Test(arguments: [
        ("PLAIN", "smtp_auth_username: anna\n  smtp_auth_password: pa55", "anna"),
        ("LOGIN", "smtp_auth_username: anna\n  smtp_auth_password: pa55", "anna"),
        ("CRAM-MD5", "smtp_auth_username: anna\n  smtp_auth_secret: s3cret", "anna"),
    ])
    func aMailGoesOverSTARTTLSWithEachWayToLogIn(_ mechanism: String, _ settings: String, _ name: String) throws {
        guard Self.isThere() else { return }
        let server = try MailServer(mechanism, tls: true)
        try Self.send(settings, to: server)
        let mail = try JSONValue.parse(Array(try server.read("mail").utf8).span)
        #expect(mail["tls"]?.bool == true && mail["login"]?.elements?.map(\.text) == [mechanism, name], "\(mail)")
        #expect(mail["hello"]?.text == "monitor.example.com" && mail["sender"]?.text == "obs@example.com")
        #expect(mail["recipients"]?.elements?.map(\.text) == ["anna@example.com", "bert@example.com"])
        #expect(mail["subject"]?.text == "[FIRING:1] Down ()" || mail["subject"]?.text == "[FIRING:1] Down ", "\(mail)")
        #expect(mail["header"]?.text == "größe")
        #expect(mail["parts"]?["text/plain"]?.text == "firing: Down")
        #expect(mail["parts"]?["text/html"]?.text?.contains("<!DOCTYPE html") == true)
    }

    @Test func aServerWithoutTLSIsRefusedUnlessItIsAllowed() throws {
        guard Self.isThere() else { return }
        let server = try MailServer("none", tls: false)
        #expect(throws: DeliveryFailure.self) { try Self.send("smtp_require_tls: true", to: server) }
        try Self.send("smtp_require_tls: false", to: server)
        #expect(try server.read("mail").contains("\"tls\": false"))
    }

    @Test func aWrongPasswordIsNotTriedAgain() throws {
        guard Self.isThere() else { return }
        let server = try MailServer("PLAIN", tls: true)
        do {
            try Self.send("smtp_auth_username: anna\n  smtp_auth_password: wrong", to: server)
            Issue.record("it was taken")
        } catch let failure as DeliveryFailure {
            #expect(!failure.isPassing, "\(failure)")
        }
    }
}
