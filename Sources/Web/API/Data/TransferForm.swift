import HTTP

/// How samples are written on their way out or in: Ingest.docc/Lines.md has both forms.
enum TransferForm: Sendable {
    case jsonLines
    case text

    var contentType: String {
        switch self {
        case .jsonLines: "application/stream+json"
        case .text: ContentType.text
        }
    }
}
