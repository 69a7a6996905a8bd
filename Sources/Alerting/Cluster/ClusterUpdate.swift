package import Encoding
import Ledger
import Model

/// What one member of a cluster tells another: what is new with it, or everything.
package struct ClusterUpdate: Sendable {
    /// Somebody has a group in hand no more.
    struct Release: Sendable, Hashable {
        var groupKey: String
        var atMs: Int64
    }

    /// The name of the member, and what tells its runs apart.
    var from = ClusterMember(name: "", session: "")
    /// The other is to answer with everything.
    var wantsAll = false
    var silences: [Silence] = []
    var notifications: [NotificationRecord] = []
    var acknowledgements: [Acknowledgement] = []
    var releases: [Release] = []

    var count: Int { silences.count + notifications.count + acknowledgements.count + releases.count }

    mutating func append(_ other: ClusterUpdate) {
        silences += other.silences
        notifications += other.notifications
        acknowledgements += other.acknowledgements
        releases += other.releases
    }
}

/// One run of one member.
struct ClusterMember: Sendable, Hashable, Comparable {
    var name: String
    var session: String

    static func < (a: ClusterMember, b: ClusterMember) -> Bool { (a.name, a.session) < (b.name, b.session) }
}

/// As JSON. Sets of hashes are hexadecimal digits, conditions a list in a text, both as the ledger has them.
extension ClusterUpdate {
    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("name", from.name)
        writer.member("session", from.session)
        writer.name("wantsAll")
        writer.bool(wantsAll)
        list("silences", silences, &writer) { silence, writer in
            writer.member("id", silence.id)
            writer.member("matchers", MatcherRows.json(silence.matchers))
            writer.member("startsAt", ms: silence.startsAtMs)
            writer.member("endsAt", ms: silence.endsAtMs)
            writer.member("updatedAt", ms: silence.updatedAtMs)
            writer.member("createdBy", silence.createdBy)
            writer.member("comment", silence.comment)
            writer.member("annotations", TextMap.json(silence.annotations))
        }
        list("notifications", notifications, &writer) { record, writer in
            writer.member("group", record.groupKey)
            writer.member("receiver", record.receiver)
            writer.member("at", ms: record.atMs)
            writer.member("expires", ms: record.expiresMs)
            writer.member("firing", hashes: record.firing)
            writer.member("resolved", hashes: record.resolved)
            writer.member("memo", TextMap.json(record.memo))
        }
        list("acknowledgements", acknowledgements, &writer) { acknowledgement, writer in
            writer.member("group", acknowledgement.groupKey)
            writer.member("firing", hashes: acknowledgement.firing)
            writer.member("at", ms: acknowledgement.atMs)
            writer.member("by", acknowledgement.by)
            writer.member("note", acknowledgement.note)
        }
        list("releases", releases, &writer) { release, writer in
            writer.member("group", release.groupKey)
            writer.member("at", ms: release.atMs)
        }
        writer.endObject()
        return writer.bytes
    }

    private func list<Element>(
        _ name: String, _ elements: [Element], _ writer: inout JSONWriter,
        _ members: (Element, inout JSONWriter) -> Void
    ) {
        writer.name(name)
        writer.beginArray()
        for element in elements {
            writer.beginObject()
            members(element, &writer)
            writer.endObject()
        }
        writer.endArray()
    }

    /// - Throws: a sentence about what is wrong. What a newer member says beyond this is passed over.
    package init(json: Span<UInt8>) throws(JSONError) {
        let value = try JSONValue.parse(json)
        from = ClusterMember(name: value["name"]?.text ?? "", session: value["session"]?.text ?? "")
        wantsAll = value["wantsAll"]?.bool ?? false
        silences = Self.elements(value["silences"]) { element in
            // A silence whose conditions are not all understood would hold for too much.
            guard let id = element["id"]?.text, let matchers = MatcherRows.matchers(element.text("matchers")) else {
                return nil
            }
            return Silence(
                id: id, matchers: matchers, startsAtMs: element.ms("startsAt"), endsAtMs: element.ms("endsAt"),
                updatedAtMs: element.ms("updatedAt"), createdBy: element.text("createdBy"),
                comment: element.text("comment"), annotations: TextMap.texts(element.text("annotations")))
        }
        notifications = Self.elements(value["notifications"]) { element in
            guard let group = element["group"]?.text, let receiver = element["receiver"]?.text else { return nil }
            return NotificationRecord(
                groupKey: group, receiver: receiver, atMs: element.ms("at"), expiresMs: element.ms("expires"),
                firing: element.hashes("firing"), resolved: element.hashes("resolved"),
                memo: TextMap.texts(element.text("memo")))
        }
        acknowledgements = Self.elements(value["acknowledgements"]) { element in
            guard let group = element["group"]?.text else { return nil }
            return Acknowledgement(
                groupKey: group, firing: element.hashes("firing"), atMs: element.ms("at"), by: element.text("by"),
                note: element.text("note"))
        }
        releases = Self.elements(value["releases"]) { element in
            element["group"]?.text.map { Release(groupKey: $0, atMs: element.ms("at")) }
        }
    }

    private static func elements<Element>(_ value: JSONValue?, _ read: (JSONValue) -> Element?) -> [Element] {
        (value?.elements ?? []).compactMap(read)
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ name: String, ms: Int64) {
        self.name(name)
        number(Int(ms))
    }

    fileprivate mutating func member(_ name: String, hashes: Set<UInt64>) {
        member(name, Hexadecimal.string(HashRows.bytes(hashes).span))
    }
}

extension JSONValue {
    fileprivate func text(_ name: String) -> String { self[name]?.text ?? "" }
    fileprivate func ms(_ name: String) -> Int64 { Int64(self[name]?.int ?? 0) }
    /// What cannot be read is told again: better twice than never.
    fileprivate func hashes(_ name: String) -> Set<UInt64> {
        do throws(DecodeError) {
            return HashRows.hashes(try Hexadecimal.decode(Array(text(name).utf8).span))
        } catch {
            return []
        }
    }
}
