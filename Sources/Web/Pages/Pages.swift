import Encoding
package import HTTP
import Ingest

/// The pages that people open. Each is the same document: what it shows is decided by its address, in the browser.
package struct Pages: Sendable {
    /// Scripts, styles and answers come from here alone, and nothing within a page is a script.
    private static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
        connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'
        """
    /// Each with the script that shows what is there.
    private static let addresses = [
        ("/dashboards", "dashboards"), ("/d/*rest", "dashboard"), ("/explore", "explore"), ("/alerts", "alerts"),
        ("/targets", "targets"), ("/status", "status"), ("/login", "login"), ("/s/:code", "login"),
    ]

    private let assets: PageAssets

    package init(_ assets: PageAssets) {
        self.assets = assets
    }

    package func add(to router: inout Router) {
        assets.add(to: &router)
        router.get("/", role: nil) { [assets] request, response in
            let accept = request.headerText("accept") ?? ""
            if accept.contains("json"), !accept.contains("html") { return Self.greet(&response) }
            Self.send(assets, "overview", &response)
        }
        for (address, script) in Self.addresses {
            router.get(address, role: nil) { [assets] _, response in Self.send(assets, script, &response) }
        }
    }

    /// Who this is, for Elasticsearch's clients, which ask for JSON before they send anything.
    private static func greet(_ response: inout Response) {
        response.fields.append(ElasticsearchBulk.productField.name, ElasticsearchBulk.productField.value)
        response.send(ElasticsearchBulk.greeting, contentType: ContentType.json)
    }

    private static func send(_ assets: PageAssets, _ script: String, _ response: inout Response) {
        response.fields.append("Content-Security-Policy", policy)
        response.fields.append("X-Content-Type-Options", "nosniff")
        response.fields.append("Referrer-Policy", "same-origin")
        response.fields.append("Cache-Control", "no-cache")
        response.send(
            assets.isComplete ? document(assets, script) : withoutAssets, contentType: ContentType.html)
    }

    private static func document(_ assets: PageAssets, _ script: String) -> String {
        let folder = assets.folder
        // All at once: a browser that finds each by the import of another asks six times, one after the other.
        let scripts = assets.modules(of: ["main.js", "pages/\(script).js"]).map {
            "<link rel=\"modulepreload\" href=\"\(folder)/\($0)\">"
        }
        return """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="dark light">
            <title>obs</title>
            <link rel="icon" href="\(folder)/icon.svg" type="image/svg+xml">
            <link rel="stylesheet" href="\(folder)/vendor/uPlot.min.css">
            <link rel="stylesheet" href="\(folder)/app.css">
            <link rel="stylesheet" href="\(folder)/panels.css">
            <link rel="stylesheet" href="\(folder)/pages.css">
            <script defer src="\(folder)/vendor/uPlot.iife.js"></script>
            \(scripts.joined(separator: "\n"))
            <script type="module" src="\(folder)/main.js"></script>
            <noscript>The pages of obs need JavaScript. The same answers are at <code>/api/v1</code> and in
            <code>obs query</code>.</noscript>
            </html>

            """
    }

    /// What a program shows that was built by `swift build` alone.
    private static let withoutAssets = """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <title>obs</title>
        <h1>obs</h1>
        <p>This program was built without the charts of its pages. Build it with <code>scripts/run</code>, which fetches them.</p>
        <p>Everything else answers: <a href="/metrics">/metrics</a>, <a href="/api/v1/targets">/api/v1/targets</a>.</p>
        </html>

        """
}
