package import Ledger
import Model
package import Posix

/// What is shared with the other members of a cluster.
extension AlertRouter {
    package func join(_ options: ClusterOptions) throws(SystemError) {
        try cluster.apply(
            options,
            ClusterExchange(
                everything: { [weak self] in self?.everything ?? ClusterUpdate() },
                merge: { [weak self] update in
                    self?.attempt("write down what another member knows") { () throws(LedgerError) in
                        try self?.merge(update)
                    }
                }, changed: { [state] in state.wakeAll() }))
    }

    /// Takes what another member says, and answers it.
    package func take(_ update: ClusterUpdate) throws(LedgerError) -> ClusterUpdate {
        try merge(update)
        return cluster.answer(to: update) { everything }
    }

    /// Names and addresses of the other members that are there; nil where this one is alone.
    package var members: [(name: String, url: String)]? { cluster.name == nil ? nil : cluster.members }

    var everything: ClusterUpdate {
        state.withLock { state in
            var update = ClusterUpdate()
            update.silences = Array(state.silences.all.values)
            update.notifications = state.log.values.flatMap(\.values)
            update.acknowledgements = Array(state.acknowledgements.values)
            return update
        }
    }

    /// The newer of two stays. A silence that has expired is kept as well: another may not know of its end.
    func merge(_ update: ClusterUpdate) throws(LedgerError) {
        if update.count == 0 { return }
        let nowMs = time.wallMs
        let news = state.withLock { state in
            var news = ClusterUpdate()
            for silence in update.silences
            where state.silences.all[silence.id].map({ $0.updatedAtMs < silence.updatedAtMs }) ?? true {
                guard state.silences.all.count < SilenceBook.silencesMax else { continue }
                state.silences.put(silence)
                news.silences.append(silence)
            }
            for record in update.notifications where record.expiresMs > nowMs {
                let known = state.log[record.groupKey]?[record.receiver]
                guard known.map({ $0.atMs < record.atMs }) ?? true else { continue }
                state.log[record.groupKey, default: [:]][record.receiver] = record
                news.notifications.append(record)
            }
            for one in update.acknowledgements
            where state.acknowledgements[one.groupKey].map({ $0.atMs < one.atMs }) ?? true {
                state.acknowledgements[one.groupKey] = one
                news.acknowledgements.append(one)
            }
            for release in update.releases {
                guard let known = state.acknowledgements[release.groupKey], known.atMs <= release.atMs else { continue }
                state.acknowledgements[release.groupKey] = nil
                news.releases.append(release)
            }
            return news
        }
        if !news.silences.isEmpty { try ledger.keep(news.silences) }
        if !news.notifications.isEmpty { try ledger.keep(news.notifications) }
        for acknowledgement in news.acknowledgements { try ledger.keep(acknowledgement) }
        for release in news.releases { try ledger.removeAcknowledgement(ofGroup: release.groupKey) }
    }
}
