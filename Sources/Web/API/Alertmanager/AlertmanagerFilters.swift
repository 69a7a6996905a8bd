import Alerting
import Model
import Text

/// Which alerts are asked for.
struct AlertFilter: Sendable {
    private let matchers: [Matcher]
    private let showsActive: Bool
    private let showsSilenced: Bool
    private let showsInhibited: Bool
    let showsMuted: Bool
    private let receiver: AnchoredPattern?
    /// Names of those that `receiver_matchers` mean; nil where it asks for no special ones.
    private let receivers: Set<String>?

    /// - Parameter all: the receivers that there are.
    init(_ parameters: APIParameters, _ all: [(name: String, labels: Labels)]) throws(APIError) {
        let wanted = try parameters.matchers("receiver_matchers")
        receivers = wanted.isEmpty ? nil : Set(all.lazy.filter { $0.labels.match(wanted) }.map(\.name))
        matchers = try parameters.matchers("filter")
        showsActive = try parameters.flag("active")
        showsSilenced = try parameters.flag("silenced")
        showsInhibited = try parameters.flag("inhibited")
        showsMuted = try parameters.flag("muted")
        do throws(RegularExpressionError) {
            receiver = try parameters["receiver"].map { text throws(RegularExpressionError) in
                try AnchoredPattern(text)
            }
        } catch {
            throw APIError(.badData, "failed to parse receiver param: \(error)")
        }
    }

    func wants(_ alert: Alert) -> Bool { alert.labels.match(matchers) }

    func wants(receiver name: String) -> Bool {
        if receivers?.contains(name) == false { return false }
        guard let receiver else { return true }
        return receiver.matches(Array(name.utf8).span)
    }

    func wants(_ standing: AlertStanding) -> Bool {
        if receiver != nil || receivers != nil, !standing.receivers.contains(where: { wants(receiver: $0) }) {
            return false
        }
        if !showsSilenced, !standing.silencedBy.isEmpty { return false }
        if !showsInhibited, !standing.inhibitedBy.isEmpty { return false }
        return showsActive || standing.isSuppressed
    }
}

/// Which silences are asked for: active ones first, the ones that end first in front; expired ones at the end.
struct SilenceFilter: Sendable {
    private let matchers: [Matcher]
    private let states: Set<Silence.State>

    init(_ parameters: APIParameters) throws(APIError) {
        matchers = try parameters.matchers("filter")
        var states: Set<Silence.State> = []
        if try parameters.flag("active") { states.insert(.active) }
        if try parameters.flag("pending") { states.insert(.pending) }
        if try parameters.flag("expired") { states.insert(.expired) }
        self.states = states
    }

    func wanted(_ silences: [Silence], atMs nowMs: Int64) -> [Silence] {
        let order: [Silence.State] = [.active, .pending, .expired]
        return silences.filter { states.contains($0.state(atMs: nowMs)) && wants($0) }
            .sorted { a, b in
                let (first, second) = (a.state(atMs: nowMs), b.state(atMs: nowMs))
                if first != second { return order.firstIndex(of: first)! < order.firstIndex(of: second)! }
                switch first {
                case .active: return a.endsAtMs < b.endsAtMs
                case .pending: return a.startsAtMs < b.startsAtMs
                case .expired: return a.endsAtMs > b.endsAtMs
                }
            }
    }

    /// Each condition holds for one of the silence's own: as if they were the labels of an alert.
    private func wants(_ silence: Silence) -> Bool {
        let labels = Labels(silence.matchers.map { ($0.name, $0.value) })
        return labels.match(matchers)
    }
}

extension APIParameters {
    /// True unless it says otherwise.
    fileprivate func flag(_ name: String) throws(APIError) -> Bool {
        switch self[name]?.lowercased() {
        case nil, "true", "1", "t": return true
        case "false", "0", "f": return false
        case let text?: throw APIError(parameter: name, "\(text) is neither true nor false")
        }
    }

    func matchers(_ name: String) throws(APIError) -> [Matcher] {
        var matchers: [Matcher] = []
        for text in all(name) where !text.isEmpty {
            do throws(MatcherText.Failure) {
                matchers += try MatcherText.matchers(text)
            } catch {
                throw APIError(.badData, "bad matcher format: \(error)")
            }
        }
        return matchers
    }
}
