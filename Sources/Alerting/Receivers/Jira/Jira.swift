import Encoding

extension ReceiverKind {
    /// Issues of Jira.
    static let jira = ReceiverKind(
        name: "jira", sendsResolved: true,
        texts: [
            "project", "priority", "issue_type", "reopen_transition", "resolve_transition", "wont_fix_resolution",
            "api_type",
        ],
        addresses: ["api_url"], durations: ["reopen_duration"], tables: ["fields", "custom_fields"],
        inherited: ["api_url": "jira_api_url"],
        check: both(
            readTexts, require("project", because: "missing project in jira_config"),
            require("issue_type", because: "missing issue_type in jira_config"),
            require("api_url", because: "no global Jira Cloud URL set")),
        defaults: [
            "summary": "{{ template `jira.default.summary` . }}",
            "description": "{{ template `jira.default.description` . }}",
            "priority": "{{ template `jira.default.priority` . }}", "api_type": "auto",
        ],
        deliver: JiraIssue.deliver)

    /// Summary and description are texts, or mappings that say whether updates change them.
    private static let readTexts: Check = { section, settings, _ in
        settings.lists["labels"] = section.strings("labels")
        for key in ["summary", "description"] {
            guard let node = section.value(key) else { continue }
            if node.isMapping, let inner = section.section(key) {
                settings.texts[key] = inner.string("template")
                settings.flags[key] = inner.bool("enable_update")
                inner.finish()
            } else {
                settings.texts[key] = section.string(key)
            }
        }
    }

}
