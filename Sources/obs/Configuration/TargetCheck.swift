import Encoding
import Ingest
import Model

/// Targets that are known without asking anyone, taken through their rules: what comes out has to be an address.
extension Configuration {
    func checkTargets(_ files: NamedFiles, _ report: ConfigurationReport) {
        for scrape in scrapes {
            let labels = [
                "job": scrape.job, "__scheme__": scrape.scheme, "__metrics_path__": scrape.path,
                "__scrape_interval__": Durations.text(ofMs: scrape.intervalMs),
                "__scrape_timeout__": Durations.text(ofMs: scrape.timeoutMs),
            ]
            TargetCheck(labels: labels, rules: scrape.targetRules, position: scrape.position)
                .run(scrape.discoveries, files, report)
        }
        for manager in alerting.managers {
            let labels = ["__scheme__": manager.scheme, "__alerts_path__": manager.pathPrefix + "/api/v2/alerts"]
            TargetCheck(labels: labels, rules: manager.targetRules, position: manager.position)
                .run(manager.discoveries, files, report)
        }
    }
}

private struct TargetCheck {
    let labels: [String: String]
    let rules: [RelabelRule]
    /// Where the targets are named.
    let position: ConfigurationPosition

    func run(_ discoveries: [DiscoveryOptions], _ files: NamedFiles, _ report: ConfigurationReport) {
        for discovery in discoveries {
            switch discovery {
            case .fixed(let groups): check(groups, report)
            case .file(let options):
                for path in options.files { check(file: path, files, report) }
            default: continue
            }
        }
    }

    private func check(file path: String, _ files: NamedFiles, _ report: ConfigurationReport) {
        let pattern = FilePattern(position: position, text: path, path: path)
        guard path.contains("*") || files.exists(path) else {
            report.add(
                ConfigurationNotice(at: position, "the file \(Quoted.text(path)) of file_sd_configs is not there yet"))
            return
        }
        for file in files.paths(matching: pattern, report) {
            guard let bytes = files.read(file, named: file, report) else { continue }
            check(TargetGroup.read(file: bytes.span, named: file, report), report)
        }
    }

    private func check(_ groups: [TargetGroup], _ report: ConfigurationReport) {
        for (place, group) in groups.enumerated() {
            for (index, target) in group.targets.enumerated() {
                var builder = LabelsBuilder()
                for (name, value) in labels { builder.set(name, value) }
                for (name, value) in group.labels { builder.set(name, value) }
                builder.set("__address__", target)
                guard rules.apply(to: &builder) else { continue }
                let address = builder.value(of: "__address__")
                guard address.contains("/") else { continue }
                report.add(
                    ConfigurationError(
                        at: position,
                        "instance \(index) in group \(place): \(Quoted.text(address)) is not a valid hostname",
                        "write host:port or relabel __address__"))
            }
        }
    }
}
