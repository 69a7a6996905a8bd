import Encoding

/// `dashboards`: the folders with Grafana's JSON files.
struct DashboardOptions: Sendable {
    var folders: [String] = []

    init() {}

    init(_ section: YAMLSection) {
        folders = (section.strings("folders") ?? []).map { section.reader.joined($0) }
        section.finish()
    }
}
