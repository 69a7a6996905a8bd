package import Databases
package import Posix

/// What the ledger could not do.
package enum LedgerError: Error, Equatable, CustomStringConvertible {
    case database(SQLiteError)
    case file(SystemError)
    /// A token of that name is in use.
    case nameTaken(String)
    case invalidName(String)
    case noSuchToken(String)
    case tooManyTokens(Int)
    case unusableDashboard(String)
    case noSuchDashboard(String)
    /// Somebody saved it after it was read.
    case changedDashboard(String, version: Int64, by: String)

    package var description: String {
        switch self {
        case .database(let error): "\(error)"
        case .file(let error): "\(error)"
        case .nameTaken(let name): "a token named '\(name)' exists: revoke it first or choose another name"
        case .invalidName(let name):
            "'\(name)' cannot name a token: take 1 to 64 letters, digits and any of '-_.@'"
        case .noSuchToken(let name): "no token named '\(name)' is in use: 'obs token list' shows all"
        case .tooManyTokens(let limit): "the ledger holds \(limit) tokens, which is its limit: revoke some first"
        case .unusableDashboard(let reason): "the dashboard cannot be saved: \(reason)"
        case .noSuchDashboard(let uid): "no dashboard \(uid) is saved here"
        case .changedDashboard(let uid, let version, let by):
            "\(by.isEmpty ? "somebody" : by) saved version \(version) of the dashboard \(uid) meanwhile: load it anew, or "
                + "save yours as a copy"
        }
    }
}
