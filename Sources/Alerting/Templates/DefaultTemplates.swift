/// The templates that every configuration may name. Their names and what they print are Alertmanager's, so that
/// configurations that build on them look the same here.
enum DefaultTemplates {
    /// All definitions, as one text.
    static let text = (parts + words.map(definition) + lists.map(definition) + [EmailTemplate.text]).joined()

    private static func definition(_ name: String, _ body: String) -> String {
        "{{ define \"\(name)\" }}\(body){{ end }}"
    }

    private static func call(_ name: String, _ dot: String = ".") -> String { "{{ template \"\(name)\" \(dot) }}" }

    /// What the others are made of.
    private static let parts = [
        definition("__alertmanager", "Alertmanager"),
        definition("__alertmanagerURL", "{{ .ExternalURL }}/#/alerts?receiver={{ .Receiver | urlquery }}"),
        definition("__description", ""),
        definition(
            "__subject",
            "[{{ toUpper .Status }}{{ if eq .Status `firing` }}:{{ len .Alerts.Firing }}{{ end }}] "
                + "{{ join ` ` .GroupLabels.SortedPairs.Values }} "
                + "{{ if lt (len .GroupLabels) (len .CommonLabels) }}"
                + "({{ join ` ` (.CommonLabels.Remove .GroupLabels.Names).Values }}){{ end }}"),
        definition("__text_alert_list", "{{ range . }}" + alert(indent: " ", blank: false) + "{{ end }}"),
        definition("__text_alert_list_markdown", "{{ range . }}" + alert(indent: "  ", blank: true) + "{{ end }}\n"),
    ]

    private static func alert(indent: String, blank: Bool) -> String {
        let gap = blank ? "\n" : ""
        func pairs(_ title: String) -> String {
            "\(gap)\(title):\n{{ range .\(title).SortedPairs }}\(indent)- {{ .Name }} = {{ .Value }}\n{{ end }}"
        }
        return pairs("Labels") + pairs("Annotations") + "\(gap)Source: {{ .GeneratorURL }}\n"
    }

    /// Alerts that fire, and alerts that are over, under their titles.
    private static func both(_ list: String, mark: String = "") -> String {
        var text = "\n"
        for (field, title) in [("Firing", "Alerts Firing"), ("Resolved", "Alerts Resolved")] {
            text += "{{ if .Alerts.\(field) }}\n\(mark)\(title):\n" + call(list, ".Alerts.\(field)") + "\n{{ end }}\n"
        }
        return text
    }

    /// The same where nothing stands between them.
    private static let tight = ["Firing", "Resolved"].map { field in
        "{{ if .Alerts.\(field) }}Alerts \(field):\n{{ range .Alerts.\(field) }}" + alert(indent: " ", blank: false)
            + "{{ end }}{{ end }}"
    }
    private static let annotations = "{{ join ` ` .CommonAnnotations.SortedPairs.Values }}"

    private static let subject = call("__subject")
    private static let program = call("__alertmanager")
    private static let link = call("__alertmanagerURL")
    private static let colour = "{{ if eq .Status `firing` }}danger{{ else }}good{{ end }}"

    /// Short texts: titles, names, links.
    private static let words: [(String, String)] = [
        ("slack.default.title", subject), ("slack.default.username", program),
        ("slack.default.fallback", call("slack.default.title") + " | " + call("slack.default.titlelink")),
        ("slack.default.titlelink", link), ("slack.default.color", colour), ("slack.default.callbackid", ""),
        ("slack.default.pretext", ""), ("slack.default.iconemoji", ""), ("slack.default.iconurl", ""),
        ("slack.default.text", ""), ("slack.default.footer", ""), ("pagerduty.default.description", subject),
        ("pagerduty.default.client", program), ("pagerduty.default.clientURL", link),
        ("pagerduty.default.instances", call("__text_alert_list")), ("opsgenie.default.message", subject),
        ("opsgenie.default.source", link), ("wechat.default.to_user", ""), ("wechat.default.to_party", ""),
        ("wechat.default.to_tag", ""), ("wechat.default.agent_id", ""),
        ("victorops.default.entity_display_name", subject), ("victorops.default.monitoring_tool", program),
        ("pushover.default.title", subject), ("pushover.default.url", link), ("sns.default.subject", subject),
        ("discord.default.content", ""), ("discord.default.title", subject), ("msteams.default.summary", subject),
        ("msteams.default.title", subject), ("msteamsv2.default.title", subject), ("jira.default.summary", subject),
        ("rocketchat.default.title", subject), ("rocketchat.default.alias", program),
        ("rocketchat.default.titlelink", link), ("rocketchat.default.emoji", ""), ("rocketchat.default.iconurl", ""),
        ("rocketchat.default.text", ""), ("mattermost.default.color", colour),
        ("mattermost.default.username", program), ("mattermost.default.title", subject),
        ("mattermost.default.titlelink", link),
        (
            "mattermost.default.fallback",
            call("mattermost.default.title") + " | " + call("mattermost.default.titlelink")
        ),
        ("email.default.subject", subject),
    ]

    /// Texts that list the alerts.
    private static let lists: [(String, String)] = [
        ("opsgenie.default.description", annotations + "\n" + tight[0] + "\n" + tight[1]),
        ("victorops.default.state_message", annotations + "\n" + tight[0] + "\n" + tight[1]),
        (
            "wechat.default.message",
            subject + "\n" + annotations + "\n" + tight[0] + "\n" + tight[1] + "\nAlertmanagerUrl:\n" + link
        ),
        ("pushover.default.message", annotations + both("__text_alert_list")),
        ("sns.default.message", annotations + both("__text_alert_list")),
        ("webex.default.message", annotations + both("__text_alert_list")),
        ("telegram.default.message", both("__text_alert_list")),
        ("discord.default.message", both("__text_alert_list")),
        ("msteams.default.text", both("__text_alert_list_markdown", mark: "# ")),
        ("msteamsv2.default.text", both("__text_alert_list_markdown", mark: "# ")),
        ("mattermost.default.text", both("__text_alert_list_markdown", mark: "# ")),
        ("jira.default.description", both("__text_alert_list_markdown", mark: "# ")),
        ("jira.default.priority", priority),
    ]

    /// The priority of the worst alert that fires, or of the worst that is over where none fires.
    private static let priority: String = {
        func worst(_ field: String) -> String {
            "{{ range .Alerts.\(field) }}"
                + "{{ if eq .Labels.severity `critical` }}{{ $p = `High` }}"
                + "{{ else if and (eq .Labels.severity `warning`) (ne $p `High`) }}{{ $p = `Medium` }}"
                + "{{ else if and (eq .Labels.severity `info`) (eq $p ``) }}{{ $p = `Low` }}{{ end }}{{ end }}"
        }
        return "{{ $p := `` }}" + worst("Firing") + "{{ if eq $p `` }}" + worst("Resolved") + "{{ end }}{{ $p }}"
    }()
}
