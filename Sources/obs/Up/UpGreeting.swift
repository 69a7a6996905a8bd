/// What `obs up` says when all of it runs.
enum UpGreeting {
    static func time(_ seconds: Double) -> String { "\((seconds * 10).rounded() / 10) s" }

    static func text(_ places: UpFiles.Places, seconds: Double) -> String {
        let gateway = "http://127.0.0.1:\(places.firstPort)"
        let server = places.collector == ServerConnection.Options.urlDefault ? "" : " --server \(places.collector)"
        return """
            ready after \(UpGreeting.time(seconds))

              pages and dashboards   \(places.collector)/
              the marketplace        \(gateway)/openapi.json
              who would be paged     http://\(places.standIn)/
              the agent's metrics    http://\(places.agent)/metrics
              all data               \(places.data)

            Things to try:
              obs query\(server) 'sum by (service) (rate(marketplace_http_requests_total[1m]))'
              obs logs\(server) '{job="marketplace"} | json | level="error"' --follow
              curl -X POST '\(gateway)/admin/faults/payment_outage?seconds=120'     and see who is paged

            Ctrl-C ends all of it.

            """
    }
}
