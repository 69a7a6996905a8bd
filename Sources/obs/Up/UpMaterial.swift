import Posix

/// The folders that ship with obs, where they lie.
struct UpMaterial: Sendable {
    let folder: String

    var rules: String { FilePath.join(folder, "rules") }
    var dashboards: String { FilePath.join(folder, "dashboards") }
    var agent: String { FilePath.join(folder, "agents/marketplace.yaml") }
    var routing: String { FilePath.join(folder, "rules/routing/alertmanager.yaml") }

    static let installed = "/usr/share/obs"

    /// The folder that was named, else the working folder, else the nearest around the program that has them.
    init(_ named: String?) throws {
        var candidates = named.map { [$0] } ?? [Machine.workingDirectory]
        if named == nil {
            var around = FilePath.parent(of: Self.program)
            while around != "/", around != "." {
                candidates.append(around)
                around = FilePath.parent(of: around)
            }
            candidates.append(Self.installed)
        }
        let files = LocalFileSystem()
        for candidate in candidates {
            let probe = FilePath.join(candidate, "agents/marketplace.yaml")
            if try files.status(at: probe) != nil {
                folder = Self.absolute(candidate)
                return
            }
        }
        throw StartFailure(
            "finds no folder with rules, dashboards and agents/marketplace.yaml; say where they are with --files, or "
                + "run it in the folder of the repository")
    }

    /// Files that are written name other files, from wherever they lie.
    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FilePath.join(Machine.workingDirectory, path)
    }

    /// The path of this program.
    static var program: String { SymbolicLink.target(of: "/proc/self/exe") ?? "obs" }

    /// The reference workload, beside this program.
    static func marketplace() throws -> String {
        let path = FilePath.join(FilePath.parent(of: program), "marketplace")
        guard try LocalFileSystem().status(at: path) != nil else {
            throw StartFailure(
                "finds no program 'marketplace' beside \(program); build it with swift build --product marketplace")
        }
        return path
    }
}
