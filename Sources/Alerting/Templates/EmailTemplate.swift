/// The mail that is sent where the configuration has no text of its own. It says what Alertmanager's says; its looks are
/// its own, in styles that mail programs keep.
enum EmailTemplate {
    static let text = "{{ define \"email.default.html\" }}" + page + "{{ end }}"

    private static let page = """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="UTF-8"><meta name="viewport" content="width=device-width">
        <title>{{ template "__subject" . }}</title></head>
        <body style="margin:0;padding:16px;background:#f4f5f7;font:14px/1.5 Helvetica,Arial,sans-serif;color:#222">
        <div style="max-width:640px;margin:0 auto;background:#fff;border:1px solid #ddd;border-radius:4px">
        <div style="padding:16px;color:#fff;font-weight:bold;background:{{ if .Alerts.Firing }}#c0392b{{ else }}#2e8b57{{ end }}">
        {{ len .Alerts }} alert{{ if gt (len .Alerts) 1 }}s{{ end }} for{{ range .GroupLabels.SortedPairs }} {{ .Name }}={{ .Value }}{{ end }}
        </div>
        <div style="padding:16px">
        <p><a href="{{ template "__alertmanagerURL" . }}">View in {{ template "__alertmanager" . }}</a></p>
        {{ with .Alerts.Firing }}<h3>[{{ len . }}] Firing</h3>{{ range . }}{{ template "__email_alert" . }}{{ end }}{{ end }}
        {{ with .Alerts.Resolved }}<h3>[{{ len . }}] Resolved</h3>{{ range . }}{{ template "__email_alert" . }}{{ end }}{{ end }}
        </div>
        <p style="padding:0 16px;color:#888;font-size:12px">Sent by <a href="{{ .ExternalURL }}">{{ template "__alertmanager" . }}</a></p>
        </div></body></html>
        {{ end }}{{ define "__email_alert" }}<div style="margin:0 0 16px;padding:0 0 8px;border-bottom:1px solid #eee">
        <b>Labels</b><br>
        {{ range .Labels.SortedPairs }}{{ .Name }} = {{ .Value }}<br>
        {{ end }}{{ if .Annotations }}<b>Annotations</b><br>
        {{ range .Annotations.SortedPairs }}{{ .Name }} = {{ .Value }}<br>
        {{ end }}{{ end }}<a href="{{ .GeneratorURL }}">Source</a>
        </div>
        """
}
