/// A dashboard that was saved in the pages.
package struct SavedDashboard: Sendable, Equatable {
    package let identifier: String
    package var title: String
    package var folder: String
    package var tags: [String]
    /// The JSON, as the page sent it.
    package var body: String
    /// 1 when it is made, one more with every change.
    package var version: Int64
    package var changedMs: Int64
    package var changedBy: String

    package static let bodyBytesMax = 4 << 20
    package static let textBytesMax = 256
    package static let tagsMax = 32

    package init(
        identifier: String, title: String, folder: String = "", tags: [String] = [], body: String, version: Int64 = 0,
        changedMs: Int64 = 0, changedBy: String = ""
    ) {
        self.identifier = identifier
        self.title = title
        self.folder = folder
        self.tags = tags
        self.body = body
        self.version = version
        self.changedMs = changedMs
        self.changedBy = changedBy
    }

    /// Why it cannot be kept, as a sentence; nil if it can.
    var refusal: String? {
        if !TokenRecord.isValidName(identifier) { return "a uid has 1 to 64 letters, digits and any of '-_.@'" }
        if title.isEmpty { return "a dashboard needs a title" }
        let texts = [title, folder] + tags
        if texts.contains(where: { $0.utf8.count > Self.textBytesMax }) {
            return "title, folder and tags have at most \(Self.textBytesMax) bytes each"
        }
        if tags.count > Self.tagsMax { return "a dashboard has at most \(Self.tagsMax) tags" }
        if body.utf8.count > Self.bodyBytesMax { return "a dashboard has at most \(Self.bodyBytesMax) bytes" }
        return nil
    }
}
