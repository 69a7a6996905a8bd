import CRevision

/// What this build calls itself.
enum Version {
    static let current = "0.1.0"
    /// The commit, where the build was told it.
    static let revision = unsafe String(cString: crevision())
}

extension Command {
    static let version = Command(
        "version", "print the version of this program", options: Void(),
        examples: [.init(does: "Which obs is this?", line: "obs version")]
    ) { _, invocation in
        invocation.console.print("obs \(Version.current) (\(Version.revision))")
        return .ok
    }
}
