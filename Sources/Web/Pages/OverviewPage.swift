package import HTTP

/// `/` of a process without pages: what it answers, for whoever opens it in a browser.
package struct OverviewPage: Sendable {
    package struct Entry: Sendable {
        let path: String
        let does: String

        package init(_ path: String, _ does: String) {
            self.path = path
            self.does = does
        }
    }

    private let answer: StaticAnswer

    package init(_ entries: [Entry]) {
        let rows = entries.map { "<li><a href=\"\($0.path)\"><code>\($0.path)</code></a>: \($0.does)</li>" }
        let html = """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>obs</title>
            <style>
              body { font: 16px/1.5 system-ui, sans-serif; max-width: 40em; margin: 3em auto; padding: 0 1em; }
              body { color-scheme: light dark; }
            </style>
            <h1>obs</h1>
            <ul>
            \(rows.joined(separator: "\n"))
            </ul>
            </html>

            """
        answer = StaticAnswer(Array(html.utf8), contentType: ContentType.html)
    }

    package func add(to router: inout Router) {
        router.get("/", role: nil) { [answer] request, response in answer.send(to: request, &response) }
    }
}
