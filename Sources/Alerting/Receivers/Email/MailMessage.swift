import Crypto
import Encoding
import HTTP
import Model
import Posix

/// A mail with a text and an HTML form.
enum MailMessage {
    static func deliver(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        let settings = delivery.settings
        let from = try delivery.text("from")
        let to = try delivery.text("to")
        guard let sender = MailAddress.addresses(from).first, MailAddress.addresses(from).count == 1 else {
            throw DeliveryFailure("'from' has to be one address, it is '\(from)'", isPassing: false, reason: "template")
        }
        let recipients = MailAddress.addresses(to)
        if recipients.isEmpty {
            throw DeliveryFailure("there is no address in 'to': '\(to)'", isPassing: false, reason: "template")
        }
        var mail = MailTransfer(
            server: settings.text("smarthost"), from: sender, to: recipients, message: try message(delivery))
        mail.hello = settings.text("hello")
        mail.requiresTLS = settings.flags["require_tls"] ?? true
        mail.beginsWithTLS = settings.flags["force_implicit_tls"] ?? settings.text("smarthost").hasSuffix(":465")
        mail.user = settings.text("auth_username")
        mail.identity = settings.text("auth_identity")
        // A secret is for CRAM-MD5, which shows it to nobody; a password for the others.
        if let secret = settings.secrets["auth_secret"] {
            (mail.password, mail.mechanisms) = (secret, ["CRAM-MD5"])
        } else {
            (mail.password, mail.mechanisms) = (settings.secrets["auth_password"], ["PLAIN", "LOGIN"])
        }
        mail.tls = settings.client.tls
        mail.timeoutNs = delivery.limitNs
        do throws(MailTransfer.Failure) {
            try mail.send()
        } catch {
            throw DeliveryFailure("\(error)", isPassing: error.isPassing, reason: "smtp")
        }
        return [:]
    }

    private static func message(_ delivery: Delivery) throws(DeliveryFailure) -> [UInt8] {
        let boundary = "obs-" + Hexadecimal.string(SecureRandom.bytes(16).span)
        var text = try headers(delivery)
        text += "Content-Type: multipart/alternative; boundary=\(boundary)\r\nMIME-Version: 1.0\r\n\r\n"
        let plain = try delivery.text("text")
        if !plain.isEmpty { text += part("text/plain", plain, boundary) }
        let html = try delivery.renderHTML(delivery.settings.text("html"))
        if !html.isEmpty { text += part("text/html", html, boundary) }
        text += "--\(boundary)--\r\n"
        return Array(text.utf8)
    }

    /// Base64 in lines of 76 characters: no line of a template is too long for a mail server.
    private static func part(_ type: String, _ content: String, _ boundary: String) -> String {
        var lines = ""
        let encoded = Array(Base64.standard.string(Array(content.utf8).span).utf8)
        for start in stride(from: 0, to: encoded.count, by: 76) {
            lines += String(decoding: encoded[start..<min(start + 76, encoded.count)], as: UTF8.self) + "\r\n"
        }
        return "--\(boundary)\r\nContent-Type: \(type); charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + lines + "\r\n"
    }

    private static func headers(_ delivery: Delivery) throws(DeliveryFailure) -> String {
        var templates = [
            "Subject": "{{ template `email.default.subject` . }}", "From": delivery.settings.text("from"),
            "To": delivery.settings.text("to"),
        ]
        for (name, template) in delivery.settings.tables["headers"] ?? [:] {
            let known = templates.keys.first { $0.lowercased() == name.lowercased() }
            templates[known ?? name] = template
        }
        var text = ""
        for (name, template) in templates.sorted(by: { $0.key < $1.key }) {
            text += "\(name): \(MailAddress.header(try delivery.render(template)))\r\n"
        }
        let id = Hexadecimal.string(SecureRandom.bytes(16).span)
        if !templates.keys.contains(where: { $0.lowercased() == "message-id" }) {
            text += "Message-Id: <\(id)@\(delivery.settings.text("hello"))>\r\n"
        }
        if delivery.settings.flags["threading"] == true {
            let day = delivery.settings.text("thread_by_date") == "none" ? "" : date(delivery, "2006-01-02")
            let root = "<alert-\(delivery.groupHash.prefix(16))-\(day)@alertmanager>"
            text += "References: \(root)\r\nIn-Reply-To: \(root)\r\n"
        }
        return text + "Date: \(date(delivery, "Mon, 02 Jan 2006 15:04:05 -0700"))\r\n"
    }

    private static func date(_ delivery: Delivery, _ layout: String) -> String {
        GoTime(ms: delivery.time.wallMs).formatted(layout)
    }
}

/// Addresses in the forms that people write them: `a@b`, `Name <a@b>`, and lists of them.
enum MailAddress {
    static func addresses(_ text: String) -> [String] {
        text.split(separator: ",").compactMap { part in
            var address = String(part).trimmingWhitespace
            if let open = address.lastIndex(of: "<"), address.hasSuffix(">") {
                address = String(address[address.index(after: open)...].dropLast())
            }
            return address.isEmpty || address.contains(where: \.isWhitespace) ? nil : address
        }
    }

    /// A header's text: one line, and in words of ASCII where it has other signs (RFC 2047).
    static func header(_ text: String) -> String {
        let line = String(text.map { $0.isNewline ? " " : $0 })
        if line.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) { return line }
        var words: [String] = []
        var word: [UInt8] = []
        for scalar in line.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if word.count + bytes.count > 45 {
                words.append(encoded(word))
                word = []
            }
            word += bytes
        }
        return (words + [encoded(word)]).joined(separator: "\r\n ")
    }

    private static func encoded(_ bytes: [UInt8]) -> String { "=?utf-8?b?\(Base64.standard.string(bytes.span))?=" }
}
