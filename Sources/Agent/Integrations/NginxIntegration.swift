import Encoding
import HTTP

/// nginx by its stub_status page, with the names of nginx-prometheus-exporter, and by its access log.
final class NginxIntegration: Collector {
    static let definition = IntegrationDefinition("nginx") { section in
        let url = section.string("url") ?? "http://127.0.0.1/stub_status"
        let log = section.string("access_log")
        return { context in NginxIntegration(url, context.client, accessLog: log.map { context.host.root($0) }) }
    }

    private let url: String
    private let client: HTTPClient
    private let log: NginxAccessLog?

    init(_ url: String, _ client: HTTPClient, accessLog: String? = nil) {
        (self.url, self.client) = (url, client)
        log = accessLog.map { NginxAccessLog($0) }
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try log?.update(&page)
        try addStatus(&page)
    }

    private func addStatus(_ page: inout MetricPage) throws(CollectorError) {
        var isUp = 0.0
        defer { page.add("nginx_up", .gauge, "1 if nginx tells of itself.", isUp) }
        let text = String(decoding: try ServiceConversation.page(url, client), as: UTF8.self)
        guard let numbers = Self.numbers(text) else { throw .failed("\(url) is no page of stub_status") }
        isUp = 1
        let (counter, gauge) = (MetricPage.Kind.counter, MetricPage.Kind.gauge)
        page.add("nginx_connections_active", gauge, "Client connections.", numbers[0])
        page.add("nginx_connections_accepted", counter, "Connections that were accepted.", numbers[1])
        page.add("nginx_connections_handled", counter, "Connections that were served.", numbers[2])
        page.add("nginx_http_requests_total", counter, "Requests.", numbers[3])
        page.add("nginx_connections_reading", gauge, "Connections whose request is read.", numbers[4])
        page.add("nginx_connections_writing", gauge, "Connections that are answered.", numbers[5])
        page.add("nginx_connections_waiting", gauge, "Connections that are idle.", numbers[6])
    }

    /// The seven numbers of the page, in its order.
    static func numbers(_ page: String) -> [Double]? {
        guard page.hasPrefix("Active connections:") else { return nil }
        let numbers = page.split { !$0.isNumber }.compactMap { Double($0) }
        return numbers.count == 7 ? numbers : nil
    }
}
