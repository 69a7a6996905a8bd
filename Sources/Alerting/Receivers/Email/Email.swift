import Encoding
import HTTP

extension ReceiverKind {
    /// Mail over SMTP.
    static let email = ReceiverKind(
        name: "email", sendsResolved: false, usesHTTP: false,
        texts: ["to", "from", "hello", "auth_username", "auth_identity", "html", "text"],
        secrets: ["auth_password", "auth_secret"], flags: ["require_tls", "force_implicit_tls"], tables: ["headers"],
        check: checkMail,
        defaults: ["html": "{{ template `email.default.html` . }}"],
        deliver: MailMessage.deliver)

    private static let checkMail: Check = { section, settings, global in
        settings.texts["smarthost"] = section.hostPort("smarthost") ?? global.smtp.smarthost
        settings.client.tls = section.value("tls_config") == nil ? global.smtp.tls : .read(section)
        if let threading = section.section("threading") {
            settings.flags["threading"] = threading.bool("enabled")
            settings.texts["thread_by_date"] = threading.choice("thread_by_date", ["daily", "none"])
            threading.finish()
        }
        if settings.text("to").isEmpty { section.refuse("missing to address in email config", "add to") }
        if settings.text("smarthost").isEmpty {
            section.refuse("no global SMTP smarthost set", "set smarthost here or smtp_smarthost in global")
        }
        if settings.text("from").isEmpty { settings.texts["from"] = global.smtp.from }
        if settings.text("from").isEmpty {
            section.refuse("no global SMTP from set", "set from here or smtp_from in global")
        }
        var seen: Set<String> = []
        for name in (settings.tables["headers"] ?? [:]).keys.sorted() where !seen.insert(name.lowercased()).inserted {
            section.refuse(at: "headers", "duplicate header \(Quoted.text(name)) in email config", "keep one")
        }
        let inherited = [
            "hello": global.smtp.hello, "auth_username": global.smtp.user, "auth_identity": global.smtp.identity,
        ]
        for (key, text) in inherited where settings.text(key).isEmpty { settings.texts[key] = text }
        if settings.flags["require_tls"] == nil { settings.flags["require_tls"] = global.smtp.requiresTLS }
        if settings.flags["force_implicit_tls"] == nil {
            settings.flags["force_implicit_tls"] = global.smtp.beginsWithTLS
        }
        if settings.secrets["auth_password"] == nil { settings.secrets["auth_password"] = global.smtp.password }
        if settings.secrets["auth_secret"] == nil { settings.secrets["auth_secret"] = global.smtp.secret }
    }

}
