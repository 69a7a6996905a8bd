/// One flag as parsing, help, README.md and completion show it.
struct Flag: Sendable {
    /// Without the dashes.
    let name: String
    let short: Character?
    /// Nil where the flag stands alone.
    let value: Value?
    let doc: String
    /// The value without the flag, as help shows it.
    let fallback: String?
    /// The environment variable that is read where the flag is not given.
    let environment: String?

    struct Value: Sendable {
        /// What help calls it: `FILE`, `ADDRESS`.
        let name: String
        let candidates: Candidates
    }

    /// `--listen ADDRESS`, `-o FORMAT`.
    var spelling: String { "--\(name)" + (value.map { " \($0.name)" } ?? "") }
}

/// What completion offers for a value or an operand.
enum Candidates: Sendable {
    case nothing
    case files
    case folders
    case words([String])
}

/// What a command takes beside its flags.
struct Operands: Sendable {
    /// `FILE`; help adds the dots where several may come.
    let name: String
    let doc: String
    let count: ClosedRange<Int>
    let candidates: Candidates

    /// As the usage line shows it: `[SHELL]`, `FILE...`.
    var spelling: String {
        let several = count.upperBound > 1 ? "\(name)..." : name
        return count.lowerBound == 0 ? "[\(several)]" : several
    }
}

/// A flag together with what it changes in the options of its command.
struct Setting<Options: Sendable>: Sendable {
    let flag: Flag
    let set: @Sendable (inout Options, String) throws(UsageError) -> Void

    /// A flag that stands alone.
    static func on(
        _ name: String, short: Character? = nil, _ doc: String, _ set: @escaping @Sendable (inout Options) -> Void
    ) -> Setting {
        Setting(
            flag: Flag(name: name, short: short, value: nil, doc: doc, fallback: nil, environment: nil),
            set: { options, _ in set(&options) })
    }

    /// A flag with a value, which `set` parses.
    static func value(
        _ name: String, _ valueName: String, short: Character? = nil, _ doc: String, fallback: String? = nil,
        environment: String? = nil, candidates: Candidates = .nothing,
        _ set: @escaping @Sendable (inout Options, String) throws(UsageError) -> Void
    ) -> Setting {
        let flag = Flag(
            name: name, short: short, value: Flag.Value(name: valueName, candidates: candidates), doc: doc,
            fallback: fallback, environment: environment)
        return Setting(flag: flag, set: set)
    }

    /// A flag whose value is one of a few words.
    static func choice(
        _ name: String, _ valueName: String, short: Character? = nil, _ words: [String], _ doc: String,
        fallback: String? = nil, _ set: @escaping @Sendable (inout Options, String) -> Void
    ) -> Setting {
        value(name, valueName, short: short, doc, fallback: fallback, candidates: .words(words)) {
            (options, text) throws(UsageError) in
            guard words.contains(text) else {
                throw UsageError("'\(text)' is none of \(words.joined(separator: ", "))")
            }
            set(&options, text)
        }
    }

    /// The same flag for a command whose options contain these.
    func within<Outer: Sendable>(_ path: any WritableKeyPath<Outer, Options> & Sendable) -> Setting<Outer> {
        Setting<Outer>(
            flag: flag, set: { [set] (outer, text) throws(UsageError) in try set(&outer[keyPath: path], text) })
    }
}
