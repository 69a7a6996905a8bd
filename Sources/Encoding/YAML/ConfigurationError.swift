/// A place in a configuration file. Line and column count from 1; the column counts characters.
package struct ConfigurationPosition: Hashable, Sendable, CustomStringConvertible {
    package let file: String
    package let line: Int
    package let column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    package var description: String { "\(file):\(line):\(column)" }
}

/// What is wrong at one place of a configuration file, and what to do about it.
///
/// Every file that a user writes (configuration, rules, Alertmanager, agent) is refused with this one type.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    package let position: ConfigurationPosition
    package let what: String
    /// What to do; empty where `what` leaves no doubt.
    package let remedy: String

    package init(at position: ConfigurationPosition, _ what: String, _ remedy: String = "") {
        self.position = position
        self.what = what
        self.remedy = remedy
    }

    package var description: String { "\(position): \(what)" + (remedy.isEmpty ? "" : "; \(remedy)") }
}

/// Something that is accepted but that the user should know, such as a setting without effect.
package struct ConfigurationNotice: Hashable, Sendable, CustomStringConvertible {
    package let position: ConfigurationPosition
    package let text: String

    package init(at position: ConfigurationPosition, _ text: String) {
        self.position = position
        self.text = text
    }

    package var description: String { "\(position): \(text)" }
}

/// A file that a configuration names, and where it does.
package struct NamedFile: Hashable, Sendable {
    package let position: ConfigurationPosition
    /// Relative paths are joined to the folder of the file that names them.
    package let path: String
    /// The setting, such as `cert_file`.
    package let setting: String
}

/// Collects what one reading of configuration files finds, so that a user sees all mistakes of a file at once.
///
/// Owned by the one thread that reads the files.
package final class ConfigurationReport {
    package private(set) var errors: [ConfigurationError] = []
    package private(set) var notices: [ConfigurationNotice] = []
    /// Files that have to be there when the configuration is used.
    package private(set) var files: [NamedFile] = []
    /// Where secrets stand, which must not be shown.
    package private(set) var secrets: Set<ConfigurationPosition> = []
    /// Errors beyond this number are dropped: the first ones are what a user can act on.
    package static let errorsMax = 100

    package init() {}

    package var isClean: Bool { errors.isEmpty }

    package func add(_ error: ConfigurationError) {
        if errors.count < Self.errorsMax, !errors.contains(error) { errors.append(error) }
    }

    package func add(_ notice: ConfigurationNotice) {
        if !notices.contains(notice) { notices.append(notice) }
    }

    package func add(_ file: NamedFile) { files.append(file) }

    package func addSecret(at position: ConfigurationPosition) { secrets.insert(position) }
}
