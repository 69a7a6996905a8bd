/// What this build calls itself.
enum Version {
    static let current = "0.1.0"
}

extension Command {
    static let version = Command(
        "version", "print the version of this program", options: Void(),
        examples: [.init(does: "Which obs is this?", line: "obs version")]
    ) { _, _, console in
        console.print("obs \(Version.current)")
        return .ok
    }
}
