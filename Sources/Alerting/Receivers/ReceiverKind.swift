import Encoding
import HTTP

/// A kind of receiver: which settings it has, and what has to hold between them.
struct ReceiverKind: Sendable {
    typealias Check = @Sendable (YAMLSection, inout ReceiverSettings, GlobalSettings) -> Void

    /// The word in front of `_configs`.
    let name: String
    /// The default of `send_resolved`.
    let sendsResolved: Bool
    var usesHTTP = true
    var texts: [String] = []
    var addresses: [String] = []
    /// Each also as a file.
    var secrets: [String] = []
    var flags: [String] = []
    var numbers: [String] = []
    var durations: [String] = []
    var tables: [String] = []
    /// Lists of mappings, with the keys of an entry.
    var parts: [String: [String]] = [:]
    /// Settings that `global` has where the receiver has none.
    var inherited: [String: String] = [:]
    var check: Check = { _, _, _ in }
    /// Texts where the configuration has none.
    var defaults: [String: String] = [:]
    /// Tells the receiver, once. Returns what it wants to know next time it is told of the group.
    var deliver: @Sendable (Delivery) throws(DeliveryFailure) -> [String: String]

    /// All of them; a folder beside this file and a line here for each.
    static let all: [ReceiverKind] = [
        discord, email, incidentIO, jira, mattermost, msTeams, msTeamsV2, opsGenie, pagerDuty, pushover, rocketChat,
        slack, sns, telegram, victorOps, webex, webhook, weChat,
    ]
}

extension ReceiverKind {
    /// Refuses a receiver that lacks what its kind needs.
    static func require(_ keys: String..., because what: String) -> Check {
        { section, settings, _ in
            let isThere = keys.contains { key in
                settings.secrets[key] != nil || !settings.text(key).isEmpty || settings.numbers[key] != nil
            }
            if !isThere { section.refuse(what, "set \(keys.joined(separator: " or "))") }
        }
    }

    static func both(_ checks: Check...) -> Check {
        { section, settings, global in
            for check in checks { check(section, &settings, global) }
        }
    }
}
