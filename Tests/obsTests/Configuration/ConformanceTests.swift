import Encoding
import Foundation
import Testing

@testable import obs

/// One row of VERDICTS.tsv: a file of Prometheus' own tests and what has to be said of it.
struct Verdict: Sendable, CustomTestStringConvertible {
    let path: String
    let isAccepted: Bool
    let reason: String
    /// Refused only when the files that it names are read.
    let needsNamedFiles: Bool

    var testDescription: String { path }
    /// Rows of promtool/ are about the files that are named, the others about the file alone.
    var syntaxOnly: Bool { !path.hasPrefix("promtool/") && !needsNamedFiles }
}

/// The folder of OBS_CONFORMANCE. Without it these tests do not run, which CI does not accept.
enum Conformance {
    static let folder = ProcessInfo.processInfo.environment["OBS_CONFORMANCE"]

    static let verdicts: [Verdict] = {
        guard let folder, let table = try? String(contentsOfFile: folder + "/VERDICTS.tsv", encoding: .utf8) else {
            print("not run: the verdicts of Prometheus' configuration files (OBS_CONFORMANCE names no folder)")
            return []
        }
        return table.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard cells.count >= 5, cells[1] == "config" else { return nil }
            let remark = cells.count > 5 ? cells[5] : ""
            return Verdict(
                path: cells[0], isAccepted: cells[2] == "accept", reason: cells[4],
                needsNamedFiles: remark.contains("when the named files are read"))
        }
    }()
}

@Suite struct ConformanceTests {
    @Test func theVerdictsAreThere() {
        let isRequired = ProcessInfo.processInfo.environment["OBS_CI"] == "1"
        #expect(
            !isRequired || Conformance.verdicts.count > 100, "OBS_CONFORMANCE has to name the folder of the verdicts")
    }

    @Test(arguments: Conformance.verdicts)
    func aConfigurationGetsItsVerdict(verdict: Verdict) throws {
        let folder = try #require(Conformance.folder)
        let result = Configuration.load(
            path: "\(folder)/\(verdict.path)", syntaxOnly: verdict.syntaxOnly, environment: Environment([:]))
        let errors = result.errors.map(\.description)
        #expect(errors.isEmpty == verdict.isAccepted, "\(errors)")
        guard !verdict.isAccepted else { return }
        for error in result.errors {
            #expect(error.position.line > 0 && error.position.column > 0)
            #expect(error.position.file.hasPrefix(folder))
        }
        let gist = Self.words(verdict.reason)
        let said = Self.words(errors.joined(separator: " "))
        let missing = gist.subtracting(said)
        #expect(missing.count * 2 <= gist.count, "of the reason \"\(verdict.reason)\" \(missing) is not in \(errors)")
    }

    /// Words of a sentence that carry its meaning.
    private static func words(_ text: String) -> Set<String> {
        let empty: Set<String> = ["the", "a", "is", "to", "of", "be", "in", "at", "and", "for", "not", "must", "type"]
        let words = text.lowercased().split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
        // Prometheus says "field x not found" where obs says "unknown key x".
        let synonyms = ["field": "key", "found": "unknown"]
        return Set(words.map { synonyms[$0] ?? $0 }).subtracting(empty)
    }

    /// A kind of discovery that is accepted without being run has to be named.
    @Test(arguments: Conformance.verdicts.filter { $0.path.hasSuffix("/conf.good.yml") })
    func discoveriesThatAreNotRunAreNamed(verdict: Verdict) throws {
        let folder = try #require(Conformance.folder)
        let result = Configuration.load(path: "\(folder)/\(verdict.path)", syntaxOnly: true)
        let notices = result.notices.map(\.text)
        for kind in [
            "azure", "digitalocean", "dockerswarm", "eureka", "hetzner", "ionos", "kuma", "lightsail", "linode",
            "marathon",
            "nerve", "nomad", "oci", "openstack", "outscale", "ovhcloud", "puppetdb", "scaleway", "stackit", "triton",
            "uyuni", "vultr",
        ] {
            #expect(notices.contains { $0.hasPrefix("obs does not run \(kind)_sd_configs") }, "\(kind)")
        }
        for kind in ["static", "file", "http", "dns", "docker", "kubernetes", "consul", "ec2"] {
            #expect(!notices.contains { $0.hasPrefix("obs does not run \(kind)_sd_configs") }, "\(kind)")
        }
    }
}
