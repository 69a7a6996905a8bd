import Crypto
import Encoding
import HTTP
import Model
import Posix
import Text

/// `http`: requests one after the other, as a user makes them. Cookies stay, and what a step finds in an answer stands in
/// later ones as `${name}`.
struct HTTPJourney: Probe {
    let steps: [HTTPStep]
    private let options: HTTPClientOptions

    init(_ section: YAMLSection) {
        var steps = section.sections("steps", "step of a journey").map { HTTPStep($0) }
        // One request needs no list.
        if steps.isEmpty { steps = [HTTPStep(inlineIn: section)] }
        self.steps = steps
        options = HTTPClientOptions(inlineIn: section)
        section.finish()
    }

    /// What goes from step to step.
    struct Luggage {
        var values: [String: String] = [:]
        var cookies: [String: String] = [:]

        func filled(_ text: String) -> String {
            var filled = text
            for (name, value) in values {
                var rest = filled[...]
                filled = ""
                while let place = rest.firstRange(of: "${\(name)}") {
                    filled += rest[..<place.lowerBound] + value
                    rest = rest[place.upperBound...]
                }
                filled += rest
            }
            return filled
        }

        mutating func keepCookies(of response: ClientResponse) {
            for field in response.fields where field.name == "set-cookie" {
                let pair = field.value.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
                if let name = pair.first { cookies[String(name)] = pair.count > 1 ? String(pair[1]) : "" }
            }
        }
    }

    func run(_ client: HTTPClient, _ samples: inout [ProbeSample]) -> Bool {
        var luggage = Luggage()
        var hosts: Set<String> = []
        for step in steps {
            let isGood = step.run(client, options, &luggage, &samples)
            if let url = try? URL(luggage.filled(step.url)), url.scheme == "https" {  // one that is none has failed
                hosts.insert(url.authority)
            }
            samples.append(
                ProbeSample(
                    "probe_step_success", "1 if a step went as expected.", isGood ? 1 : 0, [("step", step.name)]))
            guard isGood else { break }
        }
        samples.append(ProbeSample("probe_http_ssl", "1 if it went over TLS.", hosts.isEmpty ? 0 : 1))
        if let host = hosts.min() { addCertificate(of: host, &samples) }
        return samples.filter { $0.name == "probe_step_success" && $0.value == 1 }.count == steps.count
    }

    /// libcurl tells nothing of a certificate that it refuses.
    private func addCertificate(of authority: String, _ samples: inout [ProbeSample]) {
        var file: String?
        if case .file(let path) = options.tls.authority { file = path }
        let text = authority.contains(":") ? authority : "\(authority):443"
        guard let target = ProbeTarget(text),
            let peer = try? target.handshake(as: options.tls.serverName, authorities: file)  // the step has told
        else { return }
        ProbeSample.append(peer, to: &samples)
    }
}

/// One request of a journey with what is expected of its answer.
struct HTTPStep: Sendable {
    let name: String
    let url: String
    private var method = Method.get
    private var headers: [(name: String, value: String)] = []
    private var body = ""
    private var timeoutMs: Int64 = 10_000
    /// Empty: any of 200 to 299.
    private var statuses: [Int] = []
    private var found: [RegularExpression] = []
    private var notFound: [RegularExpression] = []
    private var withinMs: Int64?
    private var extracted: [(name: String, pattern: RegularExpression)] = []

    init(_ section: YAMLSection) {
        self.init(inlineIn: section)
        section.finish()
    }

    init(inlineIn section: YAMLSection) {
        url = section.string("url") ?? ""
        name = section.string("name") ?? url
        if url.isEmpty { section.refuse("a step has no url", "write url: https://shop.example.com/") }
        if let word = section.choice("method", ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"]) {
            method = Method.allCases.first { $0.name == word } ?? .get
        }
        headers = section.texts("headers").sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        body = section.string("body") ?? ""
        if let ms = section.durationMs("timeout"), ms > 0 { timeoutMs = ms }
        for (name, pattern) in section.texts("extract").sorted(by: { $0.key < $1.key }) {
            if let expression = Self.expression(pattern, "extract", section) { extracted.append((name, expression)) }
        }
        guard let expected = section.section("expect") else { return }
        for node in expected.list("status") ?? [] {
            guard let text = expected.reader.string(node, "a status"), let code = Int(text) else { continue }
            statuses.append(code)
        }
        found = (expected.strings("body") ?? []).compactMap { Self.expression($0, "body", expected) }
        notFound = (expected.strings("body_not") ?? []).compactMap { Self.expression($0, "body_not", expected) }
        withinMs = expected.durationMs("within")
        expected.finish()
    }

    private static func expression(_ pattern: String, _ key: String, _ section: YAMLSection) -> RegularExpression? {
        do throws(RegularExpressionError) {
            return try RegularExpression(pattern)
        } catch {
            section.refuse(at: key, "\(error)")
            return nil
        }
    }

    func run(
        _ client: HTTPClient, _ options: HTTPClientOptions, _ luggage: inout HTTPJourney.Luggage,
        _ samples: inout [ProbeSample]
    ) -> Bool {
        var request = ClientRequest(method, luggage.filled(url))
        request.options = options
        request.fields = headers.map { ($0.name, luggage.filled($0.value)) }
        if !luggage.cookies.isEmpty {
            let cookies = luggage.cookies.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            request.fields.append(("Cookie", cookies.joined(separator: "; ")))
        }
        request.body = Array(luggage.filled(body).utf8)
        request.timeoutNs = timeoutMs * 1_000_000
        request.connectTimeoutNs = request.timeoutNs
        let response: ClientResponse
        do throws(ClientError) {
            response = try client.answer(to: request)
        } catch {
            tell(&samples, "probe_http_status_code", "The status of the answer, or 0 without one.", 0)
            fail(&samples, "\(error.reason)")
            return false
        }
        luggage.keepCookies(of: response)
        show(response, &samples)
        return isExpected(response, &luggage, &samples)
    }

    private func isExpected(
        _ response: ClientResponse, _ luggage: inout HTTPJourney.Luggage, _ samples: inout [ProbeSample]
    ) -> Bool {
        let code = response.status.rawValue
        let isStatusGood = statuses.isEmpty ? (200...299).contains(code) : statuses.contains(code)
        if !isStatusGood { fail(&samples, "status") }
        let body = response.body.span
        let isBodyGood = found.allSatisfy { $0.matches(body) } && !notFound.contains { $0.matches(body) }
        if !isBodyGood { fail(&samples, "body") }
        if !found.isEmpty || !notFound.isEmpty {
            tell(&samples, "probe_failed_due_to_regex", "1 if the body was not as expected.", isBodyGood ? 0 : 1)
        }
        let isQuick = withinMs.map { response.timings.endNs <= $0 * 1_000_000 } ?? true
        if !isQuick { fail(&samples, "slow") }
        var hasAll = true
        for (name, pattern) in extracted {
            var ranges = CaptureRanges()
            if pattern.captures(in: body, into: &ranges), let range = ranges[1] ?? ranges[0] {
                luggage.values[name] = String(decoding: response.body[range], as: UTF8.self)
            } else {
                hasAll = false
            }
        }
        if !hasAll { fail(&samples, "extract") }
        return isStatusGood && isBodyGood && isQuick && hasAll
    }

    private func show(_ response: ClientResponse, _ samples: inout [ProbeSample]) {
        let code = response.status.rawValue
        tell(&samples, "probe_http_status_code", "The status of the answer, or 0 without one.", Double(code))
        tell(&samples, "probe_http_content_length", "Bytes of the answer.", Double(response.receivedBytes))
        let times = response.timings
        let encryptedNs = max(times.encryptedNs, times.connectedNs)
        let phases = [
            ("resolve", times.resolvedNs), ("connect", times.connectedNs - times.resolvedNs),
            ("tls", encryptedNs - times.connectedNs), ("processing", times.firstByteNs - encryptedNs),
            ("transfer", times.endNs - times.firstByteNs),
        ]
        for (phase, ns) in phases {
            samples.append(
                ProbeSample(
                    "probe_http_duration_seconds", "Seconds of each phase.", Double(max(0, ns)) / 1e9,
                    [("phase", phase), ("step", name)]))
        }
    }

    private func tell(_ samples: inout [ProbeSample], _ metric: String, _ help: String, _ value: Double) {
        samples.append(ProbeSample(metric, help, value, [("step", name)]))
    }

    private func fail(_ samples: inout [ProbeSample], _ reason: String) {
        samples.append(
            ProbeSample("probe_step_failed", "1 for what went wrong.", 1, [("reason", reason), ("step", name)]))
    }
}
