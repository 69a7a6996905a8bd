import Ledger
import Model
import Posix
import Telemetry

/// Groups are looked at, and their receivers told.
extension AlertRouter {
    /// Looks at every group that is due.
    func lookAtDue(_ state: inout State, _ nowMs: Int64) {
        guard cluster.isSettled else { return }
        let waitMs = cluster.waitMs
        if waitMs < state.clusterWaitMs { hasten(&state, nowMs) }
        state.clusterWaitMs = waitMs
        while let entry = state.due.popDue(atMs: nowMs) {
            guard var group = state.groups[entry.id], group.dueMs == entry.dueMs else { continue }
            guard waitMs > 0, group.waitedMs == 0 else {
                look(entry.id, &state, nowMs)
                continue
            }
            group.waitedMs = waitMs
            group.dueMs = nowMs + waitMs
            state.groups[entry.id] = group
            state.due.push(DueHeap.Entry(dueMs: group.dueMs, id: entry.id))
        }
    }

    /// A member that came before this one is gone: what waits for it waits no more.
    private func hasten(_ state: inout State, _ nowMs: Int64) {
        for (id, group) in state.groups where group.waitedMs > 0 {
            state.groups[id]?.dueMs = nowMs
            state.due.push(DueHeap.Entry(dueMs: nowMs, id: id))
        }
    }

    private func look(_ id: GroupID, _ state: inout State, _ nowMs: Int64) {
        guard var group = state.groups[id] else { return }
        let route = state.routing.routes[id.route]
        group.dueMs = nowMs + max(1, route.groupIntervalMs - group.waitedMs)
        group.waitedMs = 0
        state.due.push(DueHeap.Entry(dueMs: group.dueMs, id: id))
        guard group.flush == nil else {
            group.isOverdue = true
            state.groups[id] = group
            return
        }
        let alerts = AlertOrder.sorted(group.alerts.compactMap { state.alerts[$0]?.alert })
            .map { Notification.Entry($0, isResolved: $0.endsAtMs <= nowMs) }
        state.flushes += 1
        group.wasFlushed = true
        group.flush = AlertGroup.Flush(
            number: state.flushes,
            resolved: Dictionary(
                alerts.lazy.filter(\.isResolved).map { ($0.alert.labels, $0.alert.updatedAtMs) },
                uniquingKeysWith: { a, _ in a }),
            pending: 0)
        let passed = pass(alerts, &group, route, state, nowMs)
        let jobs = passed.isEmpty ? [] : jobs(passed, group, route, state, nowMs)
        group.flush?.pending = jobs.count
        state.groups[id] = group
        for (queue, job) in jobs where !queue.push(job) {
            settle(id, state.flushes, isDelivered: false, &state)
            deliveryMetrics.failures.with(queue.settings.kind, "queue_full").add()
        }
        if jobs.isEmpty { settleAll(id, &state) }
    }

    /// What the stages let through.
    private func pass(
        _ alerts: [Notification.Entry], _ group: inout AlertGroup, _ route: Route, _ state: State, _ nowMs: Int64
    ) -> [Notification.Entry] {
        var view = Stage.View(
            route: route, intervals: state.routing.intervals, inhibition: state.inhibition, silences: state.silences,
            nowMs: nowMs)
        var passed = alerts
        for stage in Stage.all where !passed.isEmpty {
            let before = passed.count
            passed = stage.pass(passed, &view)
            if passed.count < before { metrics.suppressed.with(stage.name).add(before - passed.count) }
        }
        group.mutedBy = view.mutedBy
        return passed
    }

    /// One for each entry of the receiver that is to be told.
    private func jobs(
        _ alerts: [Notification.Entry], _ group: AlertGroup, _ route: Route, _ state: State, _ nowMs: Int64
    ) -> [(ReceiverQueue, DeliveryJob)] {
        let content = Deduplication.Content(alerts)
        let acknowledgement = state.acknowledgements[group.key]
        return (state.routing.queues[route.receiver] ?? []).compactMap { queue in
            let last = state.log[group.key]?[queue.name]
            let reason = Deduplication.reason(
                content, last: last, sendsResolved: queue.settings.sendsResolved, repeatMs: route.repeatIntervalMs,
                nowMs: nowMs)
            guard let reason else { return nil }
            if reason == .repeated, Deduplication.isInHand(content, acknowledgement) { return nil }
            var notification = Notification(
                groupKey: group.key, groupLabels: group.id.labels.pairs, receiver: route.receiver, alerts: alerts,
                reason: reason, externalURL: state.routing.externalURL, nowMs: nowMs)
            notification.routeLabels = route.labels
            notification.memo = reason == .first ? [:] : last?.memo ?? [:]
            let limitMs = max(route.groupIntervalMs, Self.deliveryMinMs)
            return (
                queue,
                DeliveryJob(
                    group: group.id, flush: state.flushes, notification: notification, content: content,
                    repeatMs: route.repeatIntervalMs, deadlineNs: time.monotonicNs + limitMs * 1_000_000)
            )
        }
    }

    /// A receiver was told, or could not be.
    func finish(_ job: DeliveryJob, _ result: Result<[String: String], DeliveryFailure>, at receiver: String) {
        let nowMs = time.wallMs
        let key = job.notification.groupKey
        switch result {
        case .success(let memo): noteDelivery(job, memo, receiver, nowMs)
        case .failure(let failure):
            deliveryMetrics.deadLetters.with(receiver).add()
            log.error(
                "a receiver was not told",
                ["receiver": .text(receiver), "group": .text(key), "error": .text("\(failure)")])
            state.withLock { _ = $0.failing.insert("\(receiver)\u{0}\(key)") }
            attempt("write down a failure") { () throws(LedgerError) in
                try ledger.noteFailure(
                    ofGroup: key, at: receiver, atMs: nowMs, alerts: job.notification.alerts.count,
                    error: "\(failure)")
                try ledger.record([event(.failed, job, "\(receiver): \(failure)", nowMs)])
            }
        }
        let isDelivered: Bool = if case .success = result { true } else { false }
        state.withLock { settle(job.group, job.flush, isDelivered: isDelivered, &$0) }
        state.wakeAll()
    }

    private func noteDelivery(_ job: DeliveryJob, _ memo: [String: String], _ receiver: String, _ nowMs: Int64) {
        let notification = job.notification
        let record = NotificationRecord(
            groupKey: notification.groupKey, receiver: receiver, atMs: notification.nowMs,
            expiresMs: nowMs + max(Self.logKeptMs, 2 * job.repeatMs), firing: job.content.firing,
            resolved: job.content.resolved, memo: notification.memo.merging(memo) { _, new in new })
        let wasFailing = state.withLock { state in
            state.log[record.groupKey, default: [:]][record.receiver] = record
            return state.failing.remove("\(receiver)\u{0}\(record.groupKey)") != nil
        }
        cluster.note(ClusterUpdate(notifications: [record]))
        attempt("write down a notification") { () throws(LedgerError) in
            try ledger.keep([record])
            if wasFailing { try ledger.noteDelivery(ofGroup: record.groupKey, at: receiver, atMs: nowMs) }
            try ledger.record([event(.notified, job, "\(receiver): \(notification.reason.rawValue)", nowMs)])
        }
    }

    /// Of a group: its labels, and the name that all of its alerts have.
    private func event(_ kind: AlertEvent.Kind, _ job: DeliveryJob, _ detail: String, _ nowMs: Int64) -> AlertEvent {
        var builder = LabelsBuilder(Labels(job.notification.groupLabels))
        if let name = job.notification.commonLabels.first(where: { $0.name == Alert.nameLabel }) {
            builder.set(name.name, name.value)
        }
        let count = job.notification.alerts.count
        return AlertEvent(
            atMs: nowMs, kind: kind, labels: builder.labels(),
            detail: "\(detail) (\(count) alert\(count == 1 ? "" : "s"))")
    }

    /// One of the notifications of a look at a group has ended.
    private func settle(_ id: GroupID, _ flush: Int, isDelivered: Bool, _ state: inout State) {
        guard state.groups[id]?.flush?.number == flush else { return }
        state.groups[id]?.flush?.pending -= 1
        if !isDelivered { state.groups[id]?.flush?.hasFailed = true }
        if state.groups[id]?.flush?.pending == 0 { settleAll(id, &state) }
    }

    /// All of them have ended: what is over and told goes, unless it has fired again meanwhile.
    private func settleAll(_ id: GroupID, _ state: inout State) {
        guard var group = state.groups[id], let flush = group.flush else { return }
        group.flush = nil
        if !flush.hasFailed {
            for (labels, updatedMs) in flush.resolved where state.alerts[labels]?.alert.updatedAtMs == updatedMs {
                group.alerts.remove(labels)
                state.alerts[labels]?.groups -= 1
                guard state.alerts[labels]?.groups == 0 else { continue }
                state.alerts[labels] = nil
                state.inhibition.forget(labels)
                state.ended.append(labels)
            }
        }
        let isOver = group.alerts.isEmpty
        release(group, isOver: isOver, &state)
        if isOver {
            state.groups[id] = nil
        } else {
            if group.isOverdue {
                group.isOverdue = false
                group.dueMs = time.wallMs
                state.due.push(DueHeap.Entry(dueMs: group.dueMs, id: id))
            }
            state.groups[id] = group
        }
    }

    /// Who has the group in hand no more: it is over, or another alert has joined.
    private func release(_ group: AlertGroup, isOver: Bool, _ state: inout State) {
        guard let acknowledgement = state.acknowledgements[group.key] else { return }
        let nowMs = time.wallMs
        let firing = group.alerts.filter { (state.alerts[$0]?.alert.endsAtMs ?? 0) > nowMs }
        let hasJoined = firing.contains { !acknowledgement.firing.contains($0.hash) }
        guard isOver || firing.isEmpty || hasJoined else { return }
        state.acknowledgements[group.key] = nil
        cluster.note(ClusterUpdate(releases: [.init(groupKey: group.key, atMs: nowMs)]))
        attempt("write down the end of an acknowledgement") { () throws(LedgerError) in
            try ledger.removeAcknowledgement(ofGroup: group.key)
            try ledger.record([
                AlertEvent(
                    atMs: nowMs, kind: .unacknowledged, labels: group.id.labels,
                    detail: hasJoined ? "another alert has joined" : "the group is over")
            ])
        }
    }
}
