import Crypto
import Encoding
package import Ledger
package import Model
import Posix

/// Silences.
extension AlertRouter {
    package var silences: [Silence] { state.withLock { Array($0.silences.all.values) } }

    package func silence(_ id: String) -> Silence? { state.withLock { $0.silences.all[id] } }

    /// Adds a silence, or changes the one with its id. One that would be another silence becomes one: the old expires.
    ///
    /// - Returns: the id.
    package func put(_ silence: Silence) throws(SilenceError) -> String {
        let nowMs = time.wallMs
        var silence = silence
        silence.startsAtMs = max(silence.startsAtMs, silence.id.isEmpty ? nowMs : silence.startsAtMs)
        silence.updatedAtMs = nowMs
        if let refusal = silence.refusal(nowMs: nowMs) { throw .refused(refusal) }
        var old: Silence?
        if !silence.id.isEmpty {
            guard let known = self.silence(silence.id) else { throw .unknown(silence.id) }
            if !known.canBecome(silence, nowMs: nowMs) {
                if known.state(atMs: nowMs) != .expired { old = known.expired(nowMs: nowMs) }
                silence.id = ""
            } else {
                silence.updatedAtMs = known.updated(nowMs: nowMs)
            }
        }
        if silence.id.isEmpty {
            let count = state.withLock { $0.silences.all.count }
            guard count < SilenceBook.silencesMax else {
                throw .refused(SilenceRefusal(description: "there are \(count) silences, which is the limit"))
            }
            silence.id = UUIDText.random()
            silence.startsAtMs = max(silence.startsAtMs, nowMs)
        }
        try keep([old, silence].compactMap { $0 })
        return silence.id
    }

    /// Ends a silence now.
    package func expire(_ id: String) throws(SilenceError) {
        guard let known = silence(id) else { throw .unknown(id) }
        let nowMs = time.wallMs
        if known.state(atMs: nowMs) == .expired {
            throw .refused(SilenceRefusal(description: "silence \(id) already expired"))
        }
        try keep([known.expired(nowMs: nowMs)])
    }

    private func keep(_ silences: [Silence]) throws(SilenceError) {
        do throws(LedgerError) {
            try ledger.keep(silences)
            try ledger.record(silences.map { event($0) })
        } catch {
            throw .ledger(error)
        }
        state.withLock { state in
            for silence in silences { state.silences.put(silence) }
        }
        cluster.note(ClusterUpdate(silences: silences))
    }

    private func event(_ silence: Silence) -> AlertEvent {
        let nowMs = time.wallMs
        let labels = silence.matchers.filter { $0.operation == .equal }.map { ($0.name, $0.value) }
        let isOver = silence.state(atMs: nowMs) == .expired
        return AlertEvent(
            atMs: nowMs, kind: isOver ? .unsilenced : .silenced, labels: Labels(labels),
            detail: "\(silence.matchers.map(\.description).joined(separator: ", ")) by \(silence.createdBy): "
                + silence.comment)
    }
}

/// Why a silence was not taken.
package enum SilenceError: Error, Sendable, CustomStringConvertible {
    case unknown(String)
    case refused(SilenceRefusal)
    case ledger(LedgerError)

    package var description: String {
        switch self {
        case .unknown(let id): "silence \(id) not found"
        case .refused(let refusal): "\(refusal)"
        case .ledger(let error): "\(error)"
        }
    }
}

extension Silence {
    /// When its next state is from: the newer of two stays, so never the same instant, nor earlier by another's clock.
    fileprivate func updated(nowMs: Int64) -> Int64 { max(nowMs, updatedAtMs + 1) }

    fileprivate func expired(nowMs: Int64) -> Silence {
        var silence = self
        if silence.startsAtMs > nowMs { silence.startsAtMs = nowMs }
        silence.endsAtMs = nowMs
        silence.updatedAtMs = updated(nowMs: nowMs)
        return silence
    }
}

/// Identifiers of RFC 9562, version 4.
enum UUIDText {
    static func random() -> String {
        var bytes = SecureRandom.bytes(16)
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        let digits = Hexadecimal.string(bytes.span)
        var text = ""
        for (place, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(place) { text += "-" }
            text.append(digit)
        }
        return text
    }
}
